"""A part of a case as an encoder reads it: its places (a box, a span), its fields, their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = [
    "WHOLE",
    "ArrayEvidence",
    "Box",
    "Evidence",
    "Field",
    "Piece",
    "Place",
    "PreparedPart",
    "Span",
    "TensorInput",
    "overlaps",
    "spread",
]


class Box(NamedTuple):
    """A part of a picture, its edges from 0 to 1."""

    top: float
    bottom: float
    left: float
    right: float

    def cut(self, height: int, width: int) -> tuple[slice, slice]:
        """The rows and columns of a (height, width) array that it covers, at least one each."""
        top, left = min(int(self.top * height), height - 1), min(int(self.left * width), width - 1)
        bottom, right = round(self.bottom * height), round(self.right * width)
        return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


WHOLE = Box(0.0, 1.0, 0.0, 1.0)


class Span(NamedTuple):
    """From where to where: characters of a note, seconds of a recording, or what a branch says."""

    start: float
    end: float


Place = Box | Span


class Piece(NamedTuple):
    """What a part can be taken apart into: a word, a region, a stretch; and its share."""

    place: Place
    share: float  # logits


def spread(inner: NDArray[np.float64], box: Box, cells: int) -> NDArray[np.float64]:
    """Maps of a part of a picture, (…, h, w) -> (…, cells, cells) over all of it, sums kept.

    Each value is shared out by area among the cells that it overlaps.
    """
    down = overlaps(inner.shape[-2], box.top, box.bottom, cells)
    across = overlaps(inner.shape[-1], box.left, box.right, cells)
    placed: NDArray[np.float64] = down @ inner @ across.T
    return placed


def overlaps(strips: int, first: float, last: float, cells: int) -> NDArray[np.float64]:
    """What part of each strip, from ``first`` to ``last`` of [0, 1], lies in each cell of all.

    (cells, strips)
    """
    edges = (np.arange(cells + 1) / cells - first) * (strips / (last - first))
    reached = (edges[:, None] - np.arange(strips)).clip(0, 1)  # of each strip, up to each edge
    return np.asarray(reached[1:] - reached[:-1])


@dataclass(frozen=True, eq=False)
class PreparedPart:
    """A batch of one, on the CPU; a branch adds what its maps, edits and cues need."""

    tensors: tuple[Tensor, ...]  # (1, …) each, as the branch's encoder takes them
    warnings: tuple[str, ...] = ()


class Field(NamedTuple):
    """A measurement by its name, with its unit and what it can be."""

    name: str  # of its column, and its key
    label: str  # for the reader
    unit: str
    low: float  # outside these two a value is refused
    high: float
    step: float = 1.0


class TensorInput(NamedTuple):
    """One tensor of a prepared part, as a program outside gives it."""

    name: str
    axes: tuple[int | str, ...]  # behind the batch: its length, or the name of one of any length
    meaning: str  # a sentence with its range and unit
    least: int = 1  # along the axes of any length


class Evidence(Protocol):
    """One finding's contribution spread over a part, in logits; it sums to the contribution."""

    @property
    def values(self) -> Any:
        """An array, or a sequence of shares with ``start``, ``end`` and ``share``."""
        ...


class ArrayEvidence:
    """Shares as they are, over the encoder's positions."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
