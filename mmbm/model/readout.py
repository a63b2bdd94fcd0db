"""The end of the net: how features are fused, and from features to logits in float64.

An absent modality is exactly zero in every fusion. The float64 end is all that a ledger needs.

The calibration scales each modality's evidence and shifts the sum, ``sum_i scale_ci w_i W_c . f_i
+ b_c + shift_c``: linear still, and nothing from a modality that is absent.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

__all__ = [
    "FUSIONS",
    "CoalitionReadout",
    "Concat",
    "Gated",
    "Readout",
    "WeightedSum",
    "coalitions",
]


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
        top = top.masked_fill(top.isneginf(), 0.0)  # of a case without any part
        raised = (scores - top.detach()).exp() * present
        return raised / raised.sum(1, keepdim=True).clamp(min=1.0)  # the top is e^0

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


@cache
def coalitions(modalities: int) -> Tensor:
    """The non-empty subsets of so many modalities, (2^n - 1, n) bool; the last is all of them."""
    subsets = itertools.product((0, 1), repeat=modalities)
    return torch.tensor([subset for subset in subsets if any(subset)]).bool()


@dataclass(frozen=True, slots=True)
class Readout:
    """Of a weighted sum: linear, so every part of the account has a closed form."""

    weights: Tensor  # (n,) fusion weights w_i, positive, sum 1
    head: Tensor  # (findings, d) W
    bias: Tensor  # (findings,) b, with the calibration's shift
    scale: Tensor  # (findings, n) the calibration of each modality's evidence

    def fusion_weights(self, features: Tensor) -> Tensor | None:
        """w_i, (n,), the same for every case; None where a fusion has none."""
        return self.weights

    def base(self) -> Tensor:
        """(findings,) logits with nothing given."""
        return self.bias

    def contributions(self, features: Tensor) -> Tensor:
        """``scale_ci w_i W_c . f_i``: (..., n, d) features -> (..., findings, n) logits."""
        return self.weights * self.slopes(features) + 0.0  # never a negative zero

    def interaction(self, features: Tensor) -> Tensor:
        """(findings,): none, the logit is a sum over modalities."""
        return torch.zeros_like(self.bias)

    def slopes(self, features: Tensor) -> Tensor:
        """``d logit_c / d w_i = scale_ci W_c . f_i``: (..., n, d) -> (..., findings, n) logits."""
        return self.scale * (self.head @ features.double().mT)

    def logits(self, features: Tensor) -> Tensor:
        """The forward pass itself, fusing first: (..., n, d) features -> (..., findings) logits."""
        fused = (self.scale * self.weights) @ features.double()  # (..., findings, d)
        return (fused * self.head).sum(-1) + self.bias

    def deviations(self, features: Tensor, spread: Tensor) -> Tensor:
        """Standard deviation of each contribution: (n, d) features -> (findings, n) logits.

        ``spread`` is the covariance of each row of W, (findings, d, d).
        """
        heard = features.to(spread.dtype).T  # an interval needs no more digits than its table has
        variances = ((spread @ heard) * heard).sum(1).clamp(min=0)  # (findings, n)
        return self.scale.abs() * self.weights * variances.sqrt()

    def directions(self, features: Tensor) -> Tensor:
        """``scale_ci w_i W_c``, (findings, n, d): the direction in which f_i moves each finding."""
        return (self.scale * self.weights)[..., None] * self.head[:, None]


@dataclass(frozen=True, slots=True)
class CoalitionReadout:
    """Of any other fusion: the account comes from the 2^3 coalitions on the case's features."""

    fusion: Gated | Concat  # float64, on the CPU
    head: Tensor  # (findings, d)
    bias: Tensor  # (findings,)
    modalities: int

    def fusion_weights(self, features: Tensor) -> Tensor | None:
        """The gates of each case, (..., n), zero where absent; None where the fusion has none."""
        if isinstance(self.fusion, Concat):
            return None
        with torch.no_grad():
            rows = features.double().reshape(-1, *features.shape[-2:])
            return self.fusion.gates(rows).reshape(features.shape[:-1])

    def base(self) -> Tensor:
        """(findings,) logits with nothing given."""
        return self.logits(self.head.new_zeros(self.modalities, self.head.shape[1]))

    def logits(self, features: Tensor) -> Tensor:
        """(..., n, d) features -> (..., findings) logits."""
        with torch.no_grad():
            return self._logits(features.double())

    def _logits(self, features: Tensor) -> Tensor:
        fused: Tensor = self.fusion(features.reshape(-1, *features.shape[-2:]))
        return (fused @ self.head.T + self.bias).reshape(*features.shape[:-2], -1)

    def contributions(self, features: Tensor) -> Tensor:
        """Exact Shapley values (Shapley 1953): (..., n, d) features -> (..., findings, n)."""
        n = self.modalities
        values = {  # of each coalition, as the set of its members
            members: self.logits(features * _mask(members, n).to(features)[:, None])
            for size in range(n + 1)
            for members in itertools.combinations(range(n), size)
        }
        shares = []
        for i in range(n):
            share = torch.zeros_like(values[()])
            for members in (m for m in values if i not in m):
                weight = 1 / (n * math.comb(n - 1, len(members)))
                share += weight * (values[tuple(sorted((*members, i)))] - values[members])
            shares.append(share)
        return torch.stack(shares, -1) + 0.0

    def interaction(self, features: Tensor) -> Tensor:
        """(findings,): what the modalities do together beyond the sum of what each does alone."""
        base, n = self.base(), self.modalities
        alone = sum(
            self.logits(features * _mask((i,), n).to(features)[:, None]) - base for i in range(n)
        )
        return self.logits(features) - base - alone + 0.0

    def slopes(self, features: Tensor) -> Tensor | None:
        """``d logit_c / d g_i = W_c . f_i`` of the gates: (findings, n); None without weights."""
        if isinstance(self.fusion, Concat):
            return None
        return self.head @ features.double().T

    def directions(self, features: Tensor) -> Tensor:
        """The gradient of each logit by the features, (findings, n, d), at this case."""
        with torch.inference_mode(False), torch.enable_grad():
            at = features.double().clone().requires_grad_()
            logits = self._logits(at)
            gradients = [torch.autograd.grad(z, at, retain_graph=True)[0] for z in logits]
        return torch.stack(gradients)


def _mask(members: tuple[int, ...], modalities: int) -> Tensor:
    return torch.tensor([i in members for i in range(modalities)])
