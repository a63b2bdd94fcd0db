"""Calibration: one line per finding from logits to log-odds that can be taken at their word.

Platt scaling (Platt 1999): ``calibrated = scale * logit + shift``, fitted by cross-entropy on
held-out patients. It is linear, so it folds into the head and the ledger stays exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

__all__ = ["expected_calibration_error", "fit_platt", "reliability"]

Values = NDArray[np.float64]


def fit_platt(logits: Values, labels: Values, weights: Values) -> tuple[float, float]:
    """Scale and shift from (n,) logits, (n,) labels 0 or 1, (n,) case weights.

    With fewer than ten cases of either label nothing is changed: (1.0, 0.0).
    """
    if min((labels == 1).sum(), (labels == 0).sum()) < 10:
        return 1.0, 0.0
    fit = LogisticRegression(C=1e6).fit(logits[:, None], labels, sample_weight=weights)
    scale, shift = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return (scale, shift) if scale > 0 else (1.0, 0.0)


def reliability(
    probabilities: Values, labels: Values, bins: int = 10
) -> list[dict[str, float | int]]:
    """Mean probability and observed fraction in bins that hold equally many cases."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [
        {
            "mean_probability": float(probabilities[part].mean()),
            "fraction": float(labels[part].mean()),
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
