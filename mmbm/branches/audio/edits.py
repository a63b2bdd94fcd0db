"""Seconds cut from a recording, for a what-if: its ends are joined with a short cross-fade.

A click would sound like a crackle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmbm.branches.parts import Span
from mmbm.case import SAMPLE_RATE, Sound
from mmbm.errors import NoSignal
from mmbm.text import sentence

__all__ = ["FADE", "SHORTEST", "cut"]

FADE = 160  # samples, 10 ms
SHORTEST = 0.5  # seconds of a recording that must be left


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
        raise NoSignal(sentence("explain.all_cut", seconds=SHORTEST))
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
