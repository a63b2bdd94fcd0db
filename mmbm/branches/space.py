"""What a map can be drawn over: pixels, words, samples, bands and moments, fields.

A space is one modality's input as a tensor, with the contribution as a function of it, the
baselines that it may be compared with, and the units that a judge erases. Every method of
:mod:`mmbm.explain.attribution` works on any space and runs through one encoder only, against the
fixed direction ``w_i W_c`` in which that modality moves that finding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmbm.branches.parts import PreparedPart

__all__ = ["InputSpace", "Opened", "Scene", "noisy", "phase_noise", "stretched"]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One part of a case before a net, on the net's device."""

    tensors: tuple[Tensor, ...]  # as the encoder takes them, a batch of one
    contribution: Callable[..., Tensor]  # tensors like these, (batch, …) -> (batch,) logits
    encoder: nn.Module
    normalise: nn.Module  # (batch, d) features -> normalised ones
    target: Tensor  # (d,) the direction w_i W_c
    settings: Any  # of the branch


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A space's input for one case, and the contribution as a function of it."""

    given: Tensor  # (1, …)
    score: Callable[[Tensor], Tensor]  # (batch, …) like ``given`` -> (batch,) logits
    baselines: dict[str, Callable[[], Tensor]]  # each like ``given``


class InputSpace(ABC):
    """One way to draw a map over a modality's input."""

    over: ClassVar[str]  # its name, unique among all branches
    baselines: ClassVar[Mapping[str, str]]  # their names, the first by default, and in words
    methods: ClassVar[tuple[str, ...]]  # their names, the first by default
    complete: ClassVar[str] = "Integrated Gradients"  # where the first leaves a gap
    growth: ClassVar[int] = 100
    """Bytes that one row leaves behind for its backward pass, for each byte of the input."""
    step: ClassVar[float] = 0.0  # half a step of the input's quantisation; 0: it has none

    @abstractmethod
    def open(self, scene: Scene) -> Opened:
        """The input of one case with what methods need of it."""

    def window(self, given: Tensor) -> tuple[int, int] | None:
        """Rows and columns of occluding windows that lie side by side.

        None: they are an eighth of a side and overlap by half.
        """
        return None

    def grid(self, given: Tensor, prepared: PreparedPart) -> tuple[int, ...]:
        """How many units there are along each axis; by default one for each value."""
        return (given[0].numel(),)

    def units(self, given: Tensor, prepared: PreparedPart) -> Tensor:
        """Which unit each place of ``given[0]`` belongs to, int64, broadcastable to it."""
        return torch.arange(given[0].numel()).view(given.shape[1:])

    def faded(self, given: Tensor, prepared: PreparedPart, masks: Tensor) -> Tensor:
        """(rows, units) bool, erased -> how much of each place is the baseline's, 0 to 1."""
        return masks[:, self.units(given, prepared).to(masks.device)].to(given.dtype)

    def placed(self, values: Tensor, prepared: PreparedPart) -> tuple[Any, float]:
        """Shares like ``given[0]``, float64 -> the map for the reader; and what has no place."""
        return values.float().numpy(), 0.0

    def rounded(self, prepared: PreparedPart, draw: torch.Generator) -> PreparedPart:
        """The same part with noise that its quantisation would hide; the same without any."""
        return prepared


def stretched(masks: Tensor, grid: tuple[int, ...], size: tuple[int, ...]) -> Tensor:
    """(rows, units) erased -> (rows, *size) in [0, 1], fading from unit to unit.

    A hard edge would be an event of its own: an onset in every band at once.
    """
    planes = masks.reshape(len(masks), 1, *grid).float()
    gone = interpolate(planes, size, mode="linear" if len(size) == 1 else "bilinear")
    return gone[:, 0]


def noisy(signal: Tensor, step: float, draw: torch.Generator) -> Tensor:
    """The signal with even noise of up to ``step``."""
    return signal + step * (2 * torch.rand(signal.shape, generator=draw) - 1)


def phase_noise(signal: Tensor, dims: int, seed: int = 0) -> Tensor:
    """Noise of the same magnitude spectrum with random phases, over the last ``dims`` axes."""
    axes = tuple(range(-dims, 0))
    shape = tuple(signal.shape[a] for a in axes)
    draw = torch.Generator().manual_seed(seed)
    noise = torch.fft.rfftn(torch.randn(shape, generator=draw), dim=axes)
    spectrum = torch.fft.rfftn(signal.cpu(), dim=axes).abs()
    mixed = torch.fft.irfftn(torch.polar(spectrum, noise.angle().expand_as(spectrum)), shape, axes)
    moved: Tensor = mixed.to(signal.device)
    return moved
