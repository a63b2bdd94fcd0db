"""DeLong's test of AUROCs on the same cases.

Sources: DeLong, DeLong & Clarke-Pearson, Biometrics 1988, for the covariance; Sun & Xu, IEEE Signal
Processing Letters 2014, for its computation by midranks in O(n log n).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["DeLong", "covariance", "delong"]

Values = NDArray[np.float64]


class DeLong(NamedTuple):
    """The difference of two AUROCs; the p-value is two-sided."""

    difference: float
    ci: tuple[float, float]  # 95 %
    p: float


def covariance(scores: Values, labels: Values) -> tuple[Values, Values]:
    """AUROCs (k,) of (k, n) scores against (n,) labels 0 or 1, and their covariance (k, k).

    NaN in the covariance where one label has a single case.
    """
    positive, negative = scores[:, labels == 1], scores[:, labels == 0]
    m, n = positive.shape[1], negative.shape[1]
    every = stats.rankdata(np.hstack([positive, negative]), axis=1)
    # of a case, in how many of the other label it scores higher, ties counting half
    above = (every[:, :m] - stats.rankdata(positive, axis=1)) / n  # (k, m)
    below = 1 - (every[:, m:] - stats.rankdata(negative, axis=1)) / m  # (k, n)
    return above.mean(1), _covariance(above) / m + _covariance(below) / n


def _covariance(parts: Values) -> Values:
    if parts.shape[1] < 2:
        return np.full((len(parts), len(parts)), np.nan)
    return np.atleast_2d(np.cov(parts))


def delong(first: Values, second: Values, labels: Values) -> DeLong | None:
    """AUROC of ``first`` less that of ``second``, (n,) scores of the same cases.

    None where one label has a single case, and where two AUROCs differ without any variance, as
    that of 1 from that of 0: nothing is known of the error then.
    """
    aurocs, covariances = covariance(np.stack([first, second]), labels)
    difference = float(aurocs[0] - aurocs[1])
    variance = float(covariances[0, 0] + covariances[1, 1] - 2 * covariances[0, 1])
    if math.isnan(variance):
        return None
    error = math.sqrt(max(variance, 0.0))
    half = float(stats.norm.ppf(0.975)) * error
    if error > 1e-12:
        p = 2 * float(stats.norm.sf(abs(difference) / error))
    elif abs(difference) < 1e-12:  # every case ranks alike in both
        p = 1.0
    else:
        return None
    return DeLong(difference, (difference - half, difference + half), p)
