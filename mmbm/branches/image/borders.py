"""Where the film lies in a picture: empty borders and collimation are found, to be cut off.

A page around a scan, a shutter's black and a viewer's padding say nothing of the patient, but they
shrink the chest and shift the greys. A line of pixels is empty where nearly all of it is one grey;
what is printed on a border takes little of a line. Inside a film every line crosses the body.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Extent", "extent"]

ONE_GREY = 0.04  # of the range of greys, how far a border's pixels lie from its middle grey
ODD = 0.05  # of a line, how much may be print or dirt
MOST = 0.3  # of a side, how much is cut from one end at one go
SIDE = 512  # pixels; a larger picture is looked at in steps


class Extent(NamedTuple):
    """The rows and columns that hold the film; the ends are exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """That part of a picture of the same size."""
        return picture[self.top : self.bottom, self.left : self.right]


def extent(picture: NDArray[np.float32]) -> Extent:
    """Find the film in a picture, (height, width) in [0, 1].

    Rows and columns are looked at twice: a row through a border and the film is not empty until
    the columns beside it are gone.
    """
    step = max(1, min(picture.shape) // SIDE)
    seen = picture[::step, ::step]
    top, bottom, left, right = 0, seen.shape[0], 0, seen.shape[1]
    for _ in range(2):
        before, behind = _empty(seen[top:bottom, left:right])
        top, bottom = top + before, bottom - behind
        before, behind = _empty(seen[top:bottom, left:right].T)
        left, right = left + before, right - behind
    height, width = picture.shape
    whole = (0, seen.shape[0], 0, seen.shape[1])
    ends = (top, bottom, left, right)
    if ends == whole:
        return Extent(0, height, 0, width)
    return Extent(
        top * step,
        height if bottom == whole[1] else bottom * step,
        left * step,
        width if right == whole[3] else right * step,
    )


def _empty(part: NDArray[np.float32]) -> tuple[int, int]:
    """How many rows are empty before the first that is not, and behind the last."""
    if not _one_grey(part[[0, -1]]).any():
        return 0, 0
    kept = np.flatnonzero(~_one_grey(part))
    most = int(MOST * len(part))
    if not len(kept):  # one grey throughout: nothing says where the film is
        return 0, 0
    return min(int(kept[0]), most), min(len(part) - 1 - int(kept[-1]), most)


def _one_grey(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows are of one grey, but for a little print or dirt."""
    middle = np.median(rows, axis=1, keepdims=True)
    return np.asarray((np.abs(rows - middle) > ONE_GREY).mean(1) < ODD)
