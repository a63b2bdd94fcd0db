"""The end of the net, from features to logits, in float64: all that a ledger needs.

The calibration scales each modality's evidence and shifts the sum, ``sum_i scale_ci w_i W_c . f_i
+ b_c + shift_c``: linear still, and nothing from a modality that is absent.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mmbm.case import MODALITIES
from mmbm.model.fusion import Concat, Gated

__all__ = ["COALITIONS", "CoalitionReadout", "Readout"]

N = len(MODALITIES)
# the seven non-empty subsets of (image, notes, audio), (7, 3)
COALITIONS = torch.tensor([s for s in itertools.product((0, 1), repeat=N) if any(s)]).bool()


@dataclass(frozen=True, slots=True)
class Readout:
    """Of a weighted sum: linear, so every part of the account has a closed form."""

    weights: Tensor  # (3,) fusion weights w_i, positive, sum 1
    head: Tensor  # (findings, d) W
    bias: Tensor  # (findings,) b, with the calibration's shift
    scale: Tensor  # (findings, 3) the calibration of each modality's evidence

    def fusion_weights(self, features: Tensor) -> Tensor | None:
        """w_i, (3,), the same for every case; None where a fusion has none."""
        return self.weights

    def base(self) -> Tensor:
        """(findings,) logits with nothing given."""
        return self.bias

    def contributions(self, features: Tensor) -> Tensor:
        """``scale_ci w_i W_c . f_i``: (..., 3, d) features -> (..., findings, 3) logits."""
        return self.weights * self.slopes(features) + 0.0  # never a negative zero

    def interaction(self, features: Tensor) -> Tensor:
        """(findings,): none, the logit is a sum over modalities."""
        return torch.zeros_like(self.bias)

    def slopes(self, features: Tensor) -> Tensor:
        """``d logit_c / d w_i = scale_ci W_c . f_i``: (..., 3, d) -> (..., findings, 3) logits."""
        return self.scale * (self.head @ features.double().mT)

    def logits(self, features: Tensor) -> Tensor:
        """The forward pass itself, fusing first: (..., 3, d) features -> (..., findings) logits."""
        fused = (self.scale * self.weights) @ features.double()  # (..., findings, d)
        return (fused * self.head).sum(-1) + self.bias

    def deviations(self, features: Tensor, spread: Tensor) -> Tensor:
        """Standard deviation of each contribution: (3, d) features -> (findings, 3) logits.

        ``spread`` is the covariance of each row of W, (findings, d, d).
        """
        heard = features.to(spread.dtype).T  # an interval needs no more digits than its table has
        variances = ((spread @ heard) * heard).sum(1).clamp(min=0)  # (findings, 3)
        return self.scale.abs() * self.weights * variances.sqrt()

    def directions(self, features: Tensor) -> Tensor:
        """``scale_ci w_i W_c``, (findings, 3, d): the direction in which f_i moves each finding."""
        return (self.scale * self.weights)[..., None] * self.head[:, None]


@dataclass(frozen=True, slots=True)
class CoalitionReadout:
    """Of any other fusion: the account comes from the 2^3 coalitions on the case's features."""

    fusion: Gated | Concat  # float64, on the CPU
    head: Tensor  # (findings, d)
    bias: Tensor  # (findings,)

    def fusion_weights(self, features: Tensor) -> Tensor | None:
        """The gates of this case, (3,), zero where absent; None where the fusion has none."""
        if isinstance(self.fusion, Concat):
            return None
        with torch.no_grad():
            return self.fusion.gates(features.double()[None])[0]

    def base(self) -> Tensor:
        """(findings,) logits with nothing given."""
        return self.logits(self.head.new_zeros(N, self.head.shape[1]))

    def logits(self, features: Tensor) -> Tensor:
        """(..., 3, d) features -> (..., findings) logits."""
        with torch.no_grad():
            return self._logits(features.double())

    def _logits(self, features: Tensor) -> Tensor:
        fused: Tensor = self.fusion(features.reshape(-1, *features.shape[-2:]))
        return (fused @ self.head.T + self.bias).reshape(*features.shape[:-2], -1)

    def contributions(self, features: Tensor) -> Tensor:
        """Exact Shapley values (Shapley 1953): (..., 3, d) features -> (..., findings, 3)."""
        values = {  # of each coalition, as the set of its members
            members: self.logits(features * _mask(members).to(features)[:, None])
            for size in range(N + 1)
            for members in itertools.combinations(range(N), size)
        }
        shares = []
        for i in range(N):
            share = torch.zeros_like(values[()])
            for members in (m for m in values if i not in m):
                weight = 1 / (N * math.comb(N - 1, len(members)))
                share += weight * (values[tuple(sorted((*members, i)))] - values[members])
            shares.append(share)
        return torch.stack(shares, -1) + 0.0

    def interaction(self, features: Tensor) -> Tensor:
        """(findings,): what the modalities do together beyond the sum of what each does alone."""
        base = self.base()
        alone = sum(
            self.logits(features * _mask((i,)).to(features)[:, None]) - base for i in range(N)
        )
        return self.logits(features) - base - alone + 0.0

    def slopes(self, features: Tensor) -> Tensor | None:
        """``d logit_c / d g_i = W_c . f_i`` of the gates: (findings, 3); None without weights."""
        if isinstance(self.fusion, Concat):
            return None
        return self.head @ features.double().T

    def directions(self, features: Tensor) -> Tensor:
        """The gradient of each logit by the features, (findings, 3, d), at this case."""
        with torch.inference_mode(False), torch.enable_grad():
            at = features.double().clone().requires_grad_()
            logits = self._logits(at)
            gradients = [torch.autograd.grad(z, at, retain_graph=True)[0] for z in logits]
        return torch.stack(gradients)


def _mask(members: tuple[int, ...]) -> Tensor:
    return torch.tensor([i in members for i in range(N)])
