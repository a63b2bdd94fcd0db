"""Where the features of the training cases lie (:mod:`mmbm.trust.shift`)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from torch import Tensor

from mmbm.model.tables import Cloud

__all__ = ["cloud_of"]


def cloud_of(features: Tensor, groups: NDArray[np.int64]) -> Cloud:
    """Centres and precision of (n, d) features, one centre a group; the limit is not yet known."""
    held = features.double().numpy()
    centres = np.stack([held[groups == g].mean(0) for g in np.unique(groups)])
    fit = LedoitWolf(assume_centered=True).fit(
        held - centres[np.unique(groups, return_inverse=True)[1]]
    )
    return Cloud(torch.from_numpy(centres).float(), torch.from_numpy(fit.precision_).float(), 1.0)
