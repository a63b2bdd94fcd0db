"""The stored values of one frame, before anything of the grey scale is applied."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from mmbm.text import Sentence

__all__ = ["Stored"]


class Stored(NamedTuple):
    """One frame as stored; a colour picture by its luminance."""

    values: NDArray[Any]  # (height, width), integers or floats
    bits: int  # of a value
    signed: bool
    coloured: bool
    frames: int
    lossy: bool
    cautions: tuple[Sentence, ...]

    @property
    def is_float(self) -> bool:
        """Whether the values are no integers."""
        return self.values.dtype.kind == "f"
