"""Regions of a picture filled in, for a what-if: the picture that is given stays as it is.

What is taken out leaves no hole, which would be a sign of its own: it is filled in smoothly from
what surrounds it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, pad

from mmbm.branches.parts import Box
from mmbm.case import Picture
from mmbm.errors import NoSignal
from mmbm.text import sentence

__all__ = ["erase", "fill", "keep"]

FINEST = 256  # pixels a side at which the filling is worked out; it is smooth, so no more is needed
ROUNDS = 24  # of relaxation at each scale


def erase(picture: Picture, *regions: Box) -> Picture:
    """The picture with these regions filled in, in what is stored and in what is shown.

    Raises
    ------
    NoSignal
        Nothing of the picture would be left.
    """
    missing = np.zeros(picture.shown.shape, dtype=np.bool_)
    for region in regions:
        missing[region.cut(*picture.shown.shape)] = True
    return _filled(picture, missing)


def keep(picture: Picture, region: Box) -> Picture:
    """The picture with all but this region filled in from it."""
    missing = np.ones(picture.shown.shape, dtype=np.bool_)
    missing[region.cut(*picture.shown.shape)] = False
    return _filled(picture, missing)


def _filled(picture: Picture, missing: NDArray[np.bool_]) -> Picture:
    shown, pixels = (fill(grey, missing) for grey in (picture.shown, picture.pixels))
    return replace(picture, shown=shown, pixels=pixels)


def fill(shown: NDArray[np.float32], missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill in what is missing with the smoothest surface that meets what surrounds it.

    That is the harmonic one (each pixel the mean of its neighbours), worked out from coarse to
    fine. What is not missing stays to the bit. Shapes: both (height, width); greys of any range.
    """
    if missing.all():
        raise NoSignal(sentence("explain.all_erased"))
    if not missing.any():
        return shown
    height, width = shown.shape
    known = torch.from_numpy(~missing).float()[None, None]
    grey = torch.from_numpy(np.ascontiguousarray(shown))[None, None] * known
    small = (min(height, FINEST), min(width, FINEST))
    smooth = _harmonic(adaptive_avg_pool2d(grey, small), adaptive_avg_pool2d(known, small))
    whole = interpolate(smooth, (height, width), mode="bilinear")[0, 0].numpy()
    filled: NDArray[np.float32] = np.where(missing, whole, shown)
    return filled


def _harmonic(grey: Tensor, known: Tensor) -> Tensor:
    """Grey times how far it is known, and that, both (1, 1, h, w) -> grey everywhere.

    The solution at half the size is where the relaxation starts.
    """
    if float(known.min()) > 0 or max(grey.shape) == 1:
        return grey / known
    height, width = grey.shape[2:]
    even = (0, width % 2, 0, height % 2)
    coarse = _harmonic(avg_pool2d(pad(grey, even), 2), avg_pool2d(pad(known, even), 2))
    start = interpolate(coarse, scale_factor=2, mode="bilinear")[..., :height, :width]
    smooth = _relaxed(*(plane[0, 0].numpy() for plane in (start, grey, known)))
    return torch.from_numpy(smooth)[None, None]


def _relaxed(
    start: NDArray[np.float32], grey: NDArray[np.float32], known: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Jacobi's relaxation, all (h, w): each open pixel becomes the mean of its neighbours.

    In NumPy and in place: at these sizes a call of torch costs more than its sums.
    """
    around = np.pad(start, 1)
    smooth = around[1:-1, 1:-1]
    left, right = around[1:-1, :-2], around[1:-1, 2:]
    above, below = around[:-2, 1:-1], around[2:, 1:-1]
    part = (1 - known) / 4
    across, down = np.empty_like(grey), np.empty_like(grey)
    for _ in range(ROUNDS):
        around[0], around[-1] = around[1], around[-2]  # beyond an edge it goes on as it is
        around[:, 0], around[:, -1] = around[:, 1], around[:, -2]
        np.add(left, right, out=across)
        np.add(above, below, out=down)
        across += down
        across *= part
        np.add(grey, across, out=smooth)
    return np.ascontiguousarray(smooth)
