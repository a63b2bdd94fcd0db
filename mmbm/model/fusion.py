"""Fusion: ``F = sum_i w_i f_i`` with the weights on the simplex."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmbm.case import MODALITIES

__all__ = ["WeightedSum"]


class WeightedSum(nn.Module):
    """The weighted sum of the modalities' features; an absent one is zero and adds nothing.

    The weights are positive and sum to one; the others are not renormalised when one is absent,
    so that what a modality contributes does not depend on which others were given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(len(MODALITIES)))

    @property
    def weights(self) -> Tensor:
        """(3,) float32, in the order of ``MODALITIES``."""
        return self.scores.softmax(0)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, 3, d) -> (batch, d)."""
        return torch.einsum("m,bmd->bd", self.weights, features)
