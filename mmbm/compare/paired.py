"""Figures of several models under the same draws of patients.

Source: Efron 1979 for the bootstrap; Davison & Hinkley 1997 for the p-value of its draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.compare.figures import Figure
from mmbm.evaluate.metrics import resample, weighted_aurocs

__all__ = ["DRAWS", "bounds", "drawn", "two_sided"]

Values = NDArray[np.float64]
DRAWS = 2000
AT_ONCE = 4_000_000  # weights of cases


def drawn(
    probabilities: Values,
    labels: Values,
    patients: NDArray[np.str_],
    thresholds: Values,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[Figure, Values]:
    """Each figure of (k, n) probabilities, (1 + draws, k): as it is, then of each draw.

    ``thresholds``, (k,), are the models' operating points. NaN where a draw lacks a label.
    """
    n = len(labels)
    step = min(max(AT_ONCE // n, 1), draws)
    parts = [_figures(probabilities, labels, thresholds, np.ones((1, n)))]
    for start in range(0, draws, step):
        weights = resample(patients, min(step, draws - start), seed=seed + start)
        parts.append(_figures(probabilities, labels, thresholds, weights))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _figures(
    probabilities: Values, labels: Values, thresholds: Values, weights: Values
) -> dict[Figure, Values]:
    """Under each row of (draws, n) weights."""
    called = (probabilities >= thresholds[:, None]).astype(np.float64)
    return {
        "auroc": np.stack([weighted_aurocs(p, labels, weights) for p in probabilities], axis=1),
        "sensitivity": _share(called, labels == 1, weights),
        "specificity": _share(1 - called, labels == 0, weights),
    }


def _share(right: Values, of: NDArray[np.bool_], weights: Values) -> Values:
    """How much of the weight of some cases is right, (draws, k)."""
    whole = weights[:, of].sum(1, keepdims=True)
    part = weights[:, of] @ right[:, of].T
    share: Values = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share


def bounds(values: Values) -> tuple[float, float]:
    """2.5 and 97.5 percentiles of the draws in which the figure could be had."""
    low, high = np.percentile(values[~np.isnan(values)], [2.5, 97.5])
    return float(low), float(high)


def two_sided(differences: Values) -> float:
    """How often a draw lies on the other side of no difference, twice; never 0."""
    known = differences[~np.isnan(differences)]
    fewer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(2 * (1 + fewer) / (1 + len(known)), 1.0)
