"""The thresholds of the conformal answers (:mod:`mmbm.trust.conformal`), from held-out patients."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.model.readout import CoalitionReadout, Readout, coalitions
from mmbm.model.tables import LEVELS

__all__ = ["fit_thresholds", "weighted_quantile"]

Values = NDArray[np.float64]
FEWEST = 20  # held-out cases of a label; with fewer the table of all sources is used, or none


def weighted_quantile(values: Values, weights: Values, level: float) -> float:
    """The smallest value that ``level`` of the weight, a coming case's included, does not pass.

    Infinite where there are too few values for this level.
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum() * len(values) / (len(values) + 1)
    place = int(np.searchsorted(reached, level - 1e-12))
    return float(values[order][place]) if place < len(values) else float("inf")


def fit_thresholds(
    readout: Readout | CoalitionReadout,
    features: Tensor,
    present: Tensor,
    labels: Values,
    weights: Values,
    groups: NDArray[np.int64],
    sources: int,
    grouping: int,
) -> Tensor:
    """The thresholds of every level, coalition, source and label.

    Shapes: features (n, modalities, d), present (n, modalities) bool, labels (n, findings) with NaN
    for unknown, weights (n,), groups (n,): the nearest source, -1: none -> (levels, coalitions,
    1 + sources, findings, 2). Row 0 is over all sources; the others are of coalitions that hold the
    modality at the place ``grouping``. NaN where fewer than 20 cases have the label.
    """
    subsets = coalitions(present.shape[1])
    tables = np.full((len(LEVELS), len(subsets), 1 + sources, labels.shape[1], 2), np.nan)
    for s, coalition in enumerate(subsets):
        offered = present[:, coalition].all(1).numpy()
        heard = readout.logits(features.double() * coalition[:, None]).sigmoid().numpy()
        for g in range(1 + (sources if bool(coalition[grouping]) else 0)):
            mine = offered & ((groups == g - 1) | (g == 0))
            for c in range(labels.shape[1]):
                for y in (0, 1):
                    known = mine & (labels[:, c] == y)
                    if known.sum() < FEWEST:
                        continue
                    strange = np.abs(y - heard[known, c])
                    for k, level in enumerate(LEVELS):
                        tables[k, s, g, c, y] = weighted_quantile(strange, weights[known], level)
    return torch.from_numpy(tables).float()
