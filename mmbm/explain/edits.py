"""Edits of one part of a case, for a what-if: the part that is given stays as it is.

What is taken out of a film leaves no hole, which would be a sign of its own: it is filled in
smoothly from what surrounds it. Words go from the text. Seconds go from the recording, and its ends
are joined with a short cross-fade, since a click would sound like a crackle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, pad

from mmbm.case import SAMPLE_RATE, Notes, Picture, Sound
from mmbm.errors import NoSignal
from mmbm.model.lungs import Box

__all__ = ["FADE", "SHORTEST", "Span", "cut", "drop_words", "erase", "fill", "keep"]

FINEST = 256  # pixels a side at which the filling is worked out; it is smooth, so no more is needed
ROUNDS = 24  # of relaxation at each scale
FADE = 160  # samples, 10 ms
SHORTEST = 0.5  # seconds of a recording that must be left


class Span(NamedTuple):
    """From where to where: characters of a note, or seconds of a recording."""

    start: float
    end: float


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
        raise NoSignal("Nothing of the picture would be left: erase less of it.")
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


def drop_words(notes: Notes, *words: Span) -> Notes:
    """The note without these characters; what stands around them stays as it is."""
    kept, at = [], 0
    for start, end in sorted(words):
        kept.append(notes.text[at : int(start)])
        at = max(at, int(end))
    return replace(notes, text="".join([*kept, notes.text[at:]]))


def cut(sound: Sound, *spans: Span) -> Sound:
    """The recording without these seconds, its ends joined over 10 ms.

    Raises
    ------
    NoSignal
        Less than half a second would be left.
    """
    gone = np.zeros(len(sound.waveform), dtype=np.bool_)
    for start, end in spans:
        gone[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] = True
    if (~gone).sum() < SHORTEST * SAMPLE_RATE:
        raise NoSignal(f"Less than {SHORTEST:g} seconds of the recording would be left: cut less.")
    edges = np.flatnonzero(np.diff(gone)) + 1
    pieces = np.split(sound.waveform, edges)[int(gone[0]) :: 2]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = _join(joined, piece)
    return replace(sound, waveform=joined)


def _join(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """One after the other, overlapping by at most ``FADE`` samples."""
    over = min(FADE, len(first), len(second))
    ramp = np.linspace(0, 1, over, dtype=np.float32)
    faded = first[len(first) - over :] * (1 - ramp) + second[:over] * ramp
    return np.concatenate([first[: len(first) - over], faded, second[over:]])
