"""Shift: is a part of the case like those that the model learned from?

Every cue is a number that reaches 1 at its limit; the strangest cue counts. Of most modalities the
first is the Mahalanobis distance of the feature to the training cases (nearest source's mean, one
covariance shrunk after Ledoit & Wolf 2004), the limit being the distance that one held-out part in
a hundred passes, and three at least: of a few dozen parts the strangest would set it else. The
branches add their own.

Source: Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and
Adversarial Attacks, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.model.tables import Cloud, TrustTables

__all__ = ["FEATURES", "Shift", "distances", "nearest", "shift_of"]

FEATURES = "features"  # the cue of a part's feature


@dataclass(frozen=True, slots=True)
class Shift:
    """How strange one part of a case is."""

    modality: str
    cue: str  # the strangest
    strangeness: float  # of that cue; 1 at the limit
    percentile: float  # 0 to 100: how many held-out parts are less strange; NaN where unknown

    @property
    def flagged(self) -> bool:
        """Past the limit."""
        return self.strangeness > 1.0


def distances(cloud: Cloud, features: Tensor) -> Tensor:
    """Mahalanobis distances, (n, d) features -> (n, centres) float64."""
    apart = features.double()[:, None] - cloud.centres.double()
    square = torch.einsum("nkd,de,nke->nk", apart, cloud.precision.double(), apart)
    return square.clamp(min=0.0).sqrt()


def shift_of(
    tables: TrustTables, modality: str, feature: Tensor, cues: Mapping[str, float]
) -> Shift:
    """The strangest cue of one part: of its feature, (d,), and of what its branch says of it."""
    cues = dict(cues)
    if modality in tables.clouds:
        cloud = tables.clouds[modality]
        far = float(distances(cloud, feature[None]).amin()) / cloud.limit
        cues = {FEATURES: far} | cues
    cue = max(cues, key=lambda name: cues[name], default=FEATURES)
    strangeness = cues.get(cue, 0.0)
    table = tables.strangeness[tables.modalities.index(modality)].double().numpy()
    place = float(np.interp(strangeness, table, np.arange(101.0)))
    return Shift(modality, cue, strangeness, float("nan") if np.isnan(table).any() else place)


def nearest(tables: TrustTables, features: Tensor, present: Tensor) -> NDArray[np.int64]:
    """Which source's cases each case is nearest to, (n,); -1 where nothing tells.

    Shapes: features (n, modalities, d), present (n, modalities) bool.
    """
    if tables.grouping is None:
        return np.full(len(features), -1)
    place = tables.modalities.index(tables.grouping)
    closest = distances(tables.clouds[tables.grouping], features[:, place]).argmin(1)
    return torch.where(present[:, place], closest, -1).numpy()
