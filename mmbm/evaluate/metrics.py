"""Figures of a score on cases, each with its 95 % interval over patients.

Everything is a function of arrays: scores, labels and whose case it is. An interval is a percentile
bootstrap over patients, since films of one patient are alike (Efron 1979): ``RESAMPLES`` draws
at once, as weights of the cases, so that no figure loops over draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.evaluate.calibration import (
    calibration_floor,
    debiased_calibration_error,
    expected_calibration_error,
)
from mmbm.record.figures import Comparison, Figures, RiskCoverage

__all__ = [
    "compare",
    "figures",
    "resample",
    "risk_coverage",
    "share_of_patients",
    "weighted_aurocs",
    "weighted_precisions",
]

Values = NDArray[np.float64]
Names = NDArray[np.str_]
RESAMPLES = 1000
CURVE = 100  # points of a risk-coverage curve, at most


def resample(patients: Names, draws: int = RESAMPLES, seed: int = 0) -> Values:
    """(draws, n): how often each case stands in each resample of the (n,) patients."""
    people, index = np.unique(patients, return_inverse=True)
    count = len(people)
    picked = np.random.default_rng(seed).integers(count, size=(draws, count))
    picked += count * np.arange(draws)[:, None]
    times = np.bincount(picked.ravel(), minlength=draws * count).reshape(draws, count)
    return times[:, index].astype(np.float64)


def figures(
    probabilities: Values,
    labels: Values,
    patients: Names,
    *,
    threshold: float = 0.5,
    assembled: int = 0,
    floor: bool = True,
    seed: int = 0,
) -> Figures:
    """All figures of (n,) probabilities against (n,) labels 0 or 1.

    ``floor`` asks for the calibration error that chance alone would show, which takes the longest.
    """
    if not len(labels):
        return Figures(n=0, threshold=threshold)
    weights = np.concatenate([np.ones((1, len(labels))), resample(patients, seed=seed)])
    positive, called = labels == 1, probabilities >= threshold
    cells = (positive & called, ~positive & called, positive & ~called, ~positive & ~called)
    counts = weights @ np.stack(cells, 1).astype(np.float64)  # (1 + draws, 4)
    tp, fp, fn, tn = counts.T
    ratios = {
        "accuracy": _ratio(tp + tn, counts.sum(1)),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "auroc": weighted_aurocs(probabilities, labels, weights),
        "auprc": weighted_precisions(probabilities, labels, weights),
    }
    found: dict[str, float | None] = {}
    intervals: dict[str, tuple[float, float] | None] = {}
    for name, values in ratios.items():
        known = not np.isnan(values[0])
        found[name] = float(values[0]) if known else None
        intervals[f"{name}_ci"] = _bounds(values[1:]) if known else None
    return Figures.model_validate(
        {
            **found,
            **intervals,
            "n": len(labels),
            "patients": len(np.unique(patients)),
            "positives": int(positive.sum()),
            "assembled": assembled,
            "threshold": threshold,
            "true_positives": int(tp[0]),
            "false_positives": int(fp[0]),
            "false_negatives": int(fn[0]),
            "true_negatives": int(tn[0]),
            "ece": expected_calibration_error(probabilities, labels),
            "ece_floor": calibration_floor(probabilities) if floor else None,
            "ece_debiased": debiased_calibration_error(probabilities, labels),
        }
    )


def _ratio(part: Values, whole: Values) -> Values:
    """NaN where there is no whole."""
    ratios: Values = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return ratios


def _bounds(values: Values) -> tuple[float, float]:
    """2.5 and 97.5 percentiles of the draws in which the figure could be had."""
    low, high = np.percentile(values[~np.isnan(values)], [2.5, 97.5])
    return float(low), float(high)


def _ranked(scores: Values, labels: Values, weights: Values) -> tuple[Values, Values]:
    """Weight of the positives and of the negatives at each distinct score, rising: (draws, k)."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    positive = weights[:, order] * (labels[order] == 1)
    negative = weights[:, order] * (labels[order] == 0)
    return np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)


def weighted_aurocs(scores: Values, labels: Values, weights: Values) -> Values:
    """AUROC under each row of case weights, (draws, n) -> (draws,); NaN without both labels.

    The chance that a positive case scores above a negative one, ties counting half.
    """
    positive, negative = _ranked(scores, labels, weights)
    below = np.cumsum(negative, axis=1) - negative / 2
    return _ratio((positive * below).sum(1), positive.sum(1) * negative.sum(1))


def weighted_precisions(scores: Values, labels: Values, weights: Values) -> Values:
    """Average precision under each row of case weights, (draws, n) -> (draws,).

    NaN without both labels. Source: the step-wise sum of Davis & Goadrich, ICML 2006.
    """
    positive, negative = (part[:, ::-1] for part in _ranked(scores, labels, weights))
    hits, called = np.cumsum(positive, axis=1), np.cumsum(positive + negative, axis=1)
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    both = (positive.sum(1) > 0) & (negative.sum(1) > 0)
    return _ratio((positive * precision).sum(1), positive.sum(1) * both)


def share_of_patients(true: Values, patients: Names) -> tuple[float, tuple[float, float]]:
    """The mean of (n,) zeros and ones, and its interval over resampled patients."""
    weights = resample(patients)
    return float(true.mean()), _bounds(weights @ true / weights.sum(1))


def compare(
    first: tuple[str, Values],
    second: tuple[str, Values],
    labels: Values,
    patients: Names,
    *,
    sources: Names | None = None,
    assembled: int = 0,
) -> Comparison | None:
    """AUROC of one named score less that of another, on the same resamples of patients.

    With ``sources``, (n,), each is the mean of its AUROCs within the sources, so that telling the
    sources apart earns nothing; a source with one label is left out. None where none is left.
    """
    groups = np.zeros(len(labels), dtype=np.str_) if sources is None else sources
    kept = [g for g in np.unique(groups) if len(np.unique(labels[groups == g])) == 2]
    if not kept:
        return None
    pairs = []
    for group in kept:
        mine = groups == group
        weights = np.concatenate([np.ones((1, mine.sum())), resample(patients[mine])])
        pairs.append(
            [weighted_aurocs(s[mine], labels[mine], weights) for s in (first[1], second[1])]
        )
    ahead, behind = np.mean(pairs, axis=0)  # (1 + draws,) each
    inside = np.isin(groups, kept)
    return Comparison(
        first=first[0],
        second=second[0],
        n=int(inside.sum()),
        patients=len(np.unique(patients[inside])),
        positives=int((labels[inside] == 1).sum()),
        assembled=assembled,
        first_auroc=float(ahead[0]),
        second_auroc=float(behind[0]),
        difference=float(ahead[0] - behind[0]),
        difference_ci=_bounds((ahead - behind)[1:]),
    )


def risk_coverage(
    probabilities: Values, labels: Values, patients: Names, threshold: float
) -> RiskCoverage:
    """How errors at the operating point fall when only the surest cases are kept.

    Confidence is the model's own: how far its log-odds are from the operating point's. Cases that
    it is as sure of come in no order: each counts with the errors among them all.

    Source: Geifman & El-Yaniv, Selective Classification for Deep Neural Networks, NeurIPS 2017.
    """
    edge = np.clip([threshold, *probabilities], 1e-12, 1 - 1e-12)
    logits = np.log(edge / (1 - edge))
    doubt = -np.abs(logits[1:] - logits[0])
    order = np.argsort(doubt, kind="stable")
    wrong = ((probabilities >= threshold) != (labels == 1))[order]
    weights = np.concatenate([np.ones((1, len(order))), resample(patients)])[:, order]
    _, starts, counts = np.unique(doubt[order], return_index=True, return_counts=True)
    alike, errors = (np.add.reduceat(w, starts, axis=1) for w in (weights, weights * wrong))
    rate = np.divide(errors, alike, out=np.zeros_like(errors), where=alike > 0)
    kept = np.cumsum(weights, axis=1)
    missed = np.cumsum(weights * np.repeat(rate, counts, axis=1), axis=1)
    risk = np.divide(missed, kept, out=np.zeros_like(kept), where=kept > 0)
    areas = (weights * risk).sum(1) / kept[:, -1]
    shown = np.unique(np.linspace(0, len(order) - 1, CURVE).round().astype(int))
    return RiskCoverage(
        n=len(order),
        coverage=tuple(float(c) for c in (shown + 1) / len(order)),
        risk=tuple(float(r) for r in risk[0, shown]),
        area=float(areas[0]),
        area_ci=_bounds(areas[1:]),
    )
