"""Calibration: from logits to log-odds that can be taken at their word, and how far they are.

Platt scaling (Platt 1999) of each modality's evidence by itself: ``calibrated = sum_i scale_i
contribution_i + base + shift``, fitted by cross-entropy on held-out patients over every subset of
modalities. One scale for all would have to choose between a net that says too little of films and
one that says too much of notes. It is linear, so it folds into the head, the ledger stays exact,
and an absent modality still adds nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

__all__ = [
    "calibration_floor",
    "debiased_calibration_error",
    "expected_calibration_error",
    "fit_platt",
    "fit_scales",
    "reliability",
]

Values = NDArray[np.float64]
FEWEST = 10  # cases of either label that a fit needs


def fit_platt(logits: Values, labels: Values, weights: Values) -> tuple[float, float]:
    """Scale and shift from (n,) logits, (n,) labels 0 or 1, (n,) case weights.

    With fewer than ten cases of either label nothing is changed: (1.0, 0.0).
    """
    if min((labels == 1).sum(), (labels == 0).sum()) < FEWEST:
        return 1.0, 0.0
    fit = LogisticRegression(C=1e6).fit(logits[:, None], labels, sample_weight=weights)
    scale, shift = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return (scale, shift) if scale > 0 else (1.0, 0.0)


def fit_scales(
    contributions: Values, base: float, labels: Values, weights: Values
) -> tuple[Values, float]:
    """Scales of the modalities, (3,), never negative, and the shift of their sum.

    From (n, 3) uncalibrated contributions, 0 where a modality is absent or muted, (n,) labels 0
    or 1 and (n,) case weights. A weak pull towards 1, worth one case, decides where there is
    nothing to fit; with fewer than ten cases of either label nothing is changed.
    """
    unchanged = np.ones(contributions.shape[1])
    if min((labels == 1).sum(), (labels == 0).sum()) < FEWEST:
        return unchanged, 0.0
    rows = np.column_stack([contributions, np.ones(len(labels))])
    signs, share = 2 * labels - 1, weights / weights.sum() * len(labels)

    def loss(line: Values) -> tuple[float, Values]:
        margin = signs * (rows @ line + base)
        pull = line - 1
        pull[-1] = 0.0
        slope = -signs * share / (1 + np.exp(np.clip(margin, -500, 500)))
        value = float(share @ np.logaddexp(0, -margin) + 0.5 * pull @ pull)
        return value, rows.T @ slope + pull

    bounds = [(0.0, None)] * len(unchanged) + [(None, None)]
    line = minimize(loss, np.append(unchanged, 0.0), jac=True, bounds=bounds).x
    return line[:-1], float(line[-1])


def reliability(
    probabilities: Values, labels: Values, bins: int = 10
) -> list[dict[str, float | int]]:
    """Mean probability and observed fraction in bins that hold equally many cases.

    Cases of one probability that lie in two bins count in both with the fraction of them all, so
    that the order of the cases says nothing.
    """
    _, alike, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    fractions = (np.bincount(alike, labels) / counts)[alike]
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [
        {
            "mean_probability": float(probabilities[part].mean()),
            "fraction": float(fractions[part].mean()),
            "n": len(part),
        }
        for part in parts
    ]


def expected_calibration_error(probabilities: Values, labels: Values, bins: int = 10) -> float:
    """Mean distance of probability and observed fraction over equally filled bins.

    Source: Nguyen & O'Connor, EMNLP 2015 (adaptive binning).
    """
    curve = reliability(probabilities, labels, bins)
    gaps = [b["n"] * abs(b["mean_probability"] - b["fraction"]) for b in curve]
    return float(sum(gaps) / len(labels))


def debiased_calibration_error(probabilities: Values, labels: Values, bins: int = 10) -> float:
    """Root mean square distance over equally filled bins, less what chance alone puts there.

    With few cases a perfect model shows a distance too, since the observed fractions scatter; each
    bin's squared distance is lowered by the variance of its fraction. It bounds the mean distance
    from above. Source: Kumar et al., Verified Uncertainty Calibration, NeurIPS 2019.
    """
    squares = [
        b["n"]
        * (
            (b["mean_probability"] - b["fraction"]) ** 2
            - b["fraction"] * (1 - b["fraction"]) / max(b["n"] - 1, 1)
        )
        for b in reliability(probabilities, labels, bins)
    ]
    return float(np.sqrt(max(sum(squares) / len(labels), 0.0)))


def calibration_floor(
    probabilities: Values, bins: int = 10, draws: int = 200, seed: int = 0
) -> float:
    """The calibration error that these cases would show if every probability were exactly right.

    The mean of :func:`expected_calibration_error` over labels drawn from the probabilities.
    """
    rng = np.random.default_rng(seed)
    drawn = (rng.random((draws, len(probabilities))) < probabilities).astype(np.float64)
    return float(np.mean([expected_calibration_error(probabilities, x, bins) for x in drawn]))
