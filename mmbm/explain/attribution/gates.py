"""The rescale rule through a GRU, whose gates multiply values, which no slope alone can split.

Between two runs, on the input and on the baseline, a product changes by exactly
``d(ab) = mean(b) da + mean(a) db`` (means over the two runs): the Shapley values of its two
factors. With that for the gates, and DeepLIFT's slopes for sigmoid and tanh, the change of a GRU's
output is handed to its input in full. One step, with bars for means of the two runs:

    r, z = sigmoid(..)    q = W_hn h + b_hn    n = tanh(W_in x + b_in + r q)    h' = n + z (h - n)
    dh'  = (1 - z_) dn + z_ dh + (h_ - n_) dz          dn = s_n (d(W_in x) + r_ dq + q_ dr)

Source: Shrikumar, Greenside & Kundaje, ICML 2017, for the slopes; Shapley 1953 for the products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["hand_gru"]

NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """One layer in both directions, (directions, 3 hidden, …), gates in the order r, z, n."""

    into: Tensor
    over: Tensor  # from the state before
    into_bias: Tensor
    over_bias: Tensor

    @classmethod
    def of(cls, gru: nn.GRU, layer: int) -> Weights:
        """The weights of one layer."""
        ends = ("", "_reverse") if gru.bidirectional else ("",)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return cls(
            *(
                torch.stack([getattr(gru, f"{name}_l{layer}{end}").detach() for end in ends])
                for name in names
            )
        )


def hand_gru(gru: nn.GRU, sequence: Tensor, baseline: Tensor, output: Tensor) -> Tensor:
    """``output``, (time, directions x hidden), whose gradients become the rule's multipliers.

    ``sequence`` and ``baseline`` are (time, inputs); the GRU starts from zeros, with biases.
    """
    runs = torch.stack([sequence.detach(), baseline])  # (2, time, inputs)
    layers = []
    for number in range(gru.num_layers):
        layers.append(Layer(Weights.of(gru, number), runs))
        runs = layers[-1].output
    handed: Tensor = HandedBack.apply(sequence, output.detach(), layers)
    return handed


class HandedBack(torch.autograd.Function):
    """A GRU's output whose gradient goes back by the rule."""

    @staticmethod
    def forward(ctx: Any, sequence: Tensor, output: Tensor, layers: list[Layer]) -> Tensor:
        """``output``."""
        ctx.layers = layers
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the output -> the multipliers of the sequence."""
        multipliers = gradients[0]
        for layer in reversed(ctx.layers):
            multipliers = layer.back(multipliers)
        return multipliers, None, None


class Layer:
    """One layer's two runs, kept as means and slopes for the way back."""

    def __init__(self, weights: Weights, runs: Tensor) -> None:
        """Read (2 runs, time, inputs); the second direction reads from the end."""
        self.weights = weights
        directions, hidden = len(weights.into), weights.over.shape[2]
        read = torch.stack([runs, runs.flip(1)][:directions])  # (directions, 2, time, inputs)
        sums = torch.einsum("dgi,drti->tdrg", weights.into, read) + weights.into_bias[:, None]
        over = weights.over.mT.contiguous()  # (directions, hidden, 3 hidden)
        state = runs.new_zeros(directions, 2, hidden)
        steps = []
        for moment in sums:  # (directions, 2, 3 hidden)
            back = torch.baddbmm(weights.over_bias[:, None], state, over)
            pre = moment[..., : 2 * hidden] + back[..., : 2 * hidden]
            gate = pre.sigmoid()
            r, z = gate.chunk(2, -1)
            q = back[..., 2 * hidden :]
            last = torch.addcmul(moment[..., 2 * hidden :], r, q)
            n = last.tanh()
            steps.append((pre, last, q, gate, n, state))
            state = torch.lerp(n, state, z)
        pre, last, q, gate, n, before = (torch.stack(part) for part in zip(*steps, strict=True))
        states = torch.cat([before[1:], state[None]])  # (time, directions, 2, hidden)
        parts = [states[:, 0], states.flip(0)[:, -1]][:directions]
        self.output = torch.cat(parts, -1).transpose(0, 1)  # (2, time, directions x hidden)
        self._keep(torch.cat([pre, last], -1), q, gate, n, before)

    def _keep(self, pre: Tensor, q: Tensor, gate: Tensor, n: Tensor, h: Tensor) -> None:
        """Means over the runs and slopes of the nonlinearities, (time, directions, 1, hidden)."""
        slope = _slopes(pre, torch.cat([gate, n], -1))
        rising, closing, turning = slope.chunk(3, -1)  # of r, z, n
        r, z = gate.mean(2, keepdim=True).chunk(2, -1)
        held, made = (v.mean(2, keepdim=True) for v in (h, n))
        self.carried = z
        self.by_z = (held - made) * closing
        self.by_n = (1 - z) * turning
        self.by_q = self.by_n * r
        self.by_r = self.by_n * q.mean(2, keepdim=True) * rising

    def back(self, multipliers: Tensor) -> Tensor:
        """Of the output, (time, directions x hidden) -> of the input, (time, inputs)."""
        directions = len(self.weights.into)
        split = list(multipliers.chunk(directions, -1))
        each = torch.stack([split[0], *(s.flip(0) for s in split[1:])], 1)[:, :, None]
        to_state = torch.cat([self.by_r, self.by_z, self.by_q], -1)
        to_state_of = self.weights.over  # (directions, 3 hidden, hidden)
        total, totals = torch.zeros_like(each[0]), []
        for t in range(len(each) - 1, -1, -1):
            whole = total + each[t]
            totals.append(whole)
            back = torch.bmm(whole.repeat(1, 1, 3) * to_state[t], to_state_of)
            total = torch.addcmul(back, whole, self.carried[t])
        whole = torch.stack(totals[::-1])  # (time, directions, 1, hidden)
        to_input = torch.cat([self.by_r, self.by_z, self.by_n], -1) * whole.repeat(1, 1, 1, 3)
        given = torch.einsum("tdg,dgi->dti", to_input[:, :, 0], self.weights.into)
        return given[0] if directions == 1 else given[0] + given[1].flip(0)


def _slopes(pre: Tensor, value: Tensor) -> Tensor:
    """``d value / d pre`` between the two runs of axis 2; 0 where nothing changes."""
    across = pre[:, :, :1] - pre[:, :, 1:]
    near = across.abs() < NEAR
    up = value[:, :, :1] - value[:, :, 1:]
    return torch.where(near, 0.0, up / torch.where(near, 1.0, across))
