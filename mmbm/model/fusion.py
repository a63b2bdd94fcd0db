"""Fusion: how the modalities' features become one vector. An absent modality is exactly zero."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FUSIONS", "Concat", "Gated", "WeightedSum"]


class WeightedSum(nn.Module):
    """``F = sum_i w_i f_i``; the weights are positive and sum to one.

    The others are not renormalised when one is absent, so that what a modality contributes does
    not depend on which others were given.
    """

    def __init__(self, modalities: int, features: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(modalities))

    @property
    def weights(self) -> Tensor:
        """(modalities,) float32, in the model's order."""
        return self.scores.softmax(0)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, modalities, d) -> (batch, d)."""
        return torch.einsum("m,bmd->bd", self.weights, features)


class Gated(nn.Module):
    """``F = sum_i g_i f_i`` with weights that depend on the case: a softmax over those present.

    Source: Arevalo et al., Gated Multimodal Units for Information Fusion, ICLR workshop 2017.
    """

    def __init__(self, modalities: int, features: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(modalities, features))
        self.shifts = nn.Parameter(torch.zeros(modalities))

    def gates(self, features: Tensor) -> Tensor:
        """(batch, modalities, d) -> (batch, modalities): positive where present, of sum one."""
        present = (features != 0).any(-1)
        scores = torch.einsum("md,bmd->bm", self.scores, features) + self.shifts
        top = scores.masked_fill(~present, -torch.inf).amax(1, keepdim=True)
        raised = (scores - top.nan_to_num(neginf=0.0).detach()).exp() * present
        return raised / raised.sum(1, keepdim=True).clamp(min=torch.finfo(raised.dtype).tiny)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, modalities, d) -> (batch, d)."""
        return torch.einsum("bm,bmd->bd", self.gates(features), features)


class Concat(nn.Module):
    """``F = MLP([f_1; f_2; …])``: the parts may speak of each other freely."""

    def __init__(self, modalities: int, features: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Linear(modalities * features, features),
            nn.ReLU(),
            nn.Linear(features, features),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(batch, modalities, d) -> (batch, d)."""
        fused: Tensor = self.mix(features.flatten(1))
        return fused


FUSIONS: dict[str, type[WeightedSum] | type[Gated] | type[Concat]] = {
    "weighted_sum": WeightedSum,
    "gated": Gated,
    "concat": Concat,
}
