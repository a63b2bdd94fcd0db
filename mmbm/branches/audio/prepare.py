"""A lung sound as the sound branch hears it, and its evidence over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.audio.encoder import LogMel
from mmbm.branches.parts import PreparedPart, Span
from mmbm.case import SAMPLE_RATE, Sound
from mmbm.text import sentence

__all__ = ["PreparedSound", "SoundEvidence", "log_mel", "prepare", "waveform"]

PART_OF_PEAK = 0.5  # of an event's strongest moment: what is told as its stretch


@dataclass(frozen=True, eq=False)
class PreparedSound(PreparedPart):
    """``tensors``: the waveform, (1, samples) float32 in [-1, 1], 16 kHz."""

    seconds: float = 0.0  # of sound that the model hears
    start: float = 0.0  # s of the recording's file at which that sound begins


def prepare(sound: Sound, config: AudioConfig) -> PreparedSound:
    """One recording as a batch of one."""
    heard = waveform(sound, config.max_seconds)
    warnings: tuple[str, ...] = ()
    if sound.seconds > config.max_seconds:
        warnings = (sentence("sound.truncated", heard=config.max_seconds, seconds=sound.seconds),)
    return PreparedSound((heard[None],), warnings, len(heard) / SAMPLE_RATE, sound.start)


def waveform(sound: Sound, max_seconds: float) -> Tensor:
    """(samples,) float32 in [-1, 1], 16 kHz, at most ``max_seconds`` long."""
    return torch.from_numpy(sound.waveform[: int(max_seconds * SAMPLE_RATE)])


def log_mel(sound: Sound, config: AudioConfig) -> NDArray[np.float32]:
    """What the sound branch sees: (mels, frames) float32 in decibels."""
    with torch.inference_mode():
        decibels = LogMel(config)(waveform(sound, config.max_seconds)[None])[0]
    return decibels.numpy()  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class SoundEvidence:
    """One finding's contribution spread over a recording."""

    values: NDArray[np.float64]  # (bands, times), low bands first
    seconds: float  # what the times span
    start: float  # s of the recording's file at which the times begin

    @property
    def strongest(self) -> float:
        """The second of the file, the middle of a moment, that speaks most for it."""
        moments = self.values.sum(0)
        return self.start + (int(moments.argmax()) + 0.5) * self.seconds / len(moments)

    @property
    def heard_at(self) -> tuple[Span, ...]:
        """The stretches (s of the file) in which each moment has half of the strongest's share.

        None where nothing speaks for it.
        """
        moments = self.values.sum(0)
        step = self.seconds / len(moments)
        loud = (moments > 0) & (moments >= PART_OF_PEAK * moments.max())
        edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
        return tuple(
            Span(self.start + float(begin * step), self.start + float(end * step))
            for begin, end in edges.reshape(-1, 2)
        )
