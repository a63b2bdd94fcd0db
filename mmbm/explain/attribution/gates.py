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
from torch.nn.functional import linear, pad

__all__ = ["Runs", "run_gru"]

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
        each = [_weights(gru, layer, end) for end in _ends(gru)]
        return cls(*(torch.stack(part) for part in zip(*each, strict=True)))


def run_gru(gru: nn.GRU, both: Tensor) -> Runs:
    """Run it layer by layer on the input and on the baseline, (2, time, inputs).

    It starts from zeros, with biases, and is in eval mode.
    """
    layers, read = [], both
    for number in range(gru.num_layers):
        states = _run(gru, number, read)
        layers.append(Layer(Weights.of(gru, number), read, states))
        read = states
    return Runs(layers, read)


def _run(gru: nn.GRU, layer: int, runs: Tensor) -> Tensor:
    """One layer alone, in both directions: (2, time, inputs) -> (2, time, directions x hidden)."""
    flat = [w for end in _ends(gru) for w in _weights(gru, layer, end)]
    start = runs.new_zeros(len(_ends(gru)), len(runs), gru.hidden_size)
    states: Tensor = torch.gru(runs, start, flat, True, 1, 0.0, False, gru.bidirectional, True)[0]
    return states


def _ends(gru: nn.GRU) -> tuple[str, ...]:
    return ("", "_reverse") if gru.bidirectional else ("",)


def _weights(gru: nn.GRU, layer: int, end: str) -> list[Tensor]:
    """W_i, W_h, b_i, b_h of one layer in one direction."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [getattr(gru, f"{name}_l{layer}{end}").detach() for name in names]


@dataclass(frozen=True, slots=True)
class Runs:
    """What two runs of a GRU left: of each layer its gates, and of the last its states."""

    layers: list[Layer]
    states: Tensor  # (2, time, directions x hidden)

    def handed(self, sequence: Tensor) -> Tensor:
        """The first run's states, whose gradients become the multipliers of ``sequence``."""
        states: Tensor = HandedBack.apply(sequence, self)
        return states


class HandedBack(torch.autograd.Function):
    """A GRU's output whose gradient goes back by the rule."""

    @staticmethod
    def forward(ctx: Any, sequence: Tensor, runs: Runs) -> Tensor:
        """``output``."""
        ctx.layers = runs.layers
        return runs.states[0].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient of the output -> the multipliers of the sequence."""
        multipliers = gradients[0]
        for layer in reversed(ctx.layers):
            multipliers = layer.back(multipliers)
        return multipliers, None


class Layer:
    """One layer's two runs, kept as means and slopes for the way back.

    The states are known, so all gates of all moments are worked out at once.
    """

    def __init__(self, weights: Weights, runs: Tensor, states: Tensor) -> None:
        """What it read, (2 runs, time, inputs), and gave, (2 runs, time, directions x hidden)."""
        self.weights = weights
        directions, hidden = len(weights.into), weights.over.shape[2]
        flat, gave = runs.flatten(0, 1), states.chunk(directions, -1)
        sums = torch.stack(  # (directions, 2 x time, 3 hidden), as the next two
            [linear(flat, w, b) for w, b in zip(weights.into, weights.into_bias, strict=True)]
        )
        before = [  # the second direction reads from the end
            pad(gave[0], (0, 0, 1, -1)),
            *(pad(g, (0, 0, -1, 1)) for g in gave[1:]),
        ]
        h = torch.stack(before).flatten(1, 2)
        back = torch.baddbmm(weights.over_bias[:, None], h, weights.over.mT)
        sums, back, h = (_in_turn(v.view(directions, *runs.shape[:2], -1)) for v in (sums, back, h))
        pre, q = sums[..., : 2 * hidden] + back[..., : 2 * hidden], back[..., 2 * hidden :]
        gate = pre.sigmoid()
        last = sums[..., 2 * hidden :] + gate[..., :hidden] * q
        self._keep(torch.cat([pre, last], -1), q, gate, last.tanh(), h)

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
        to_state = torch.stack([self.by_r, self.by_z, self.by_q], -2)  # (…, 3, hidden)
        total, totals = torch.zeros_like(each[0]), []
        for t in range(len(each) - 1, -1, -1):
            whole = total + each[t]
            totals.append(whole)
            to_gates = (whole[..., None, :] * to_state[t]).flatten(-2)  # (directions, 1, 3 hidden)
            total = torch.baddbmm(whole * self.carried[t], to_gates, self.weights.over)
        whole = torch.stack(totals[::-1])  # (time, directions, 1, hidden)
        to_input = torch.cat([self.by_r, self.by_z, self.by_n], -1) * whole.repeat(1, 1, 1, 3)
        given = torch.einsum("tdg,dgi->dti", to_input[:, :, 0], self.weights.into)
        return given[0] if directions == 1 else given[0] + given[1].flip(0)


def _in_turn(each: Tensor) -> Tensor:
    """(directions, 2, time, …) in the order of time -> (time, directions, 2, …) as they read."""
    turned = torch.stack([each[0], *each[1:].flip(2)])
    return turned.permute(2, 0, 1, 3).contiguous()


def _slopes(pre: Tensor, value: Tensor) -> Tensor:
    """``d value / d pre`` between the two runs of axis 2; 0 where nothing changes."""
    across = pre[:, :, :1] - pre[:, :, 1:]
    near = across.abs() < NEAR
    up = value[:, :, :1] - value[:, :, 1:]
    return torch.where(near, 0.0, up / torch.where(near, 1.0, across))
