"""What a branch says of itself to a program outside: its tensors, and a net that can be exported.

Exporting a model (:mod:`mmbm.export`) asks each of its branches; a branch that says nothing here is
exported as it is, with tensors of the shapes of its ``blank``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from mmbm.text import sentence

__all__ = ["Exported", "TensorInput"]


class TensorInput(NamedTuple):
    """One tensor of a prepared part, as a program outside gives it."""

    name: str
    axes: tuple[int | str, ...]  # behind the batch: its length, or the name of one of any length
    meaning: str  # a sentence with its range and unit
    least: int = 1  # along the axes of any length


class Exported(ABC):
    """The side of a branch that exporting a model asks."""

    name: ClassVar[str]

    @abstractmethod
    def blank(self, settings: Any) -> tuple[Tensor, ...]:
        """Any valid tensors, (1, …), to try a net with."""

    def inputs(self, settings: Any) -> tuple[TensorInput, ...]:
        """What its encoder takes, in the order of a prepared part's tensors."""
        blank = self.blank(settings)
        names = [self.name if len(blank) == 1 else f"{self.name}_{i}" for i in range(len(blank))]
        return tuple(
            TensorInput(name, tuple(tensor.shape[1:]), sentence("export.input.other"))
            for name, tensor in zip(names, blank, strict=True)
        )

    def trial(self, settings: Any, rows: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        """Parts of so many cases drawn at random, to compare two forms of a net on."""
        return tuple(
            torch.rand(rows, *tensor.shape[1:], generator=draw)
            if tensor.is_floating_point()
            else tensor.expand(rows, *tensor.shape[1:]).contiguous()
            for tensor in self.blank(settings)
        )

    def exportable(self, settings: Any, encoder: nn.Module) -> nn.Module:
        """An encoder that may be changed -> one that ``torch.export`` traces for any lengths.

        It says the same, to rounding, also where another runtime runs it.
        """
        return encoder
