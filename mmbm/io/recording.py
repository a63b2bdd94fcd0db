"""A recording as decoded, and the limits that hold before and while it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.text import Sentence, sentence

__all__ = ["Recording", "changed", "check_length", "check_shape", "not_a_sound"]

_SLOWEST, _FASTEST = 1000, 768_000  # Hz
_MOST_CHANNELS = 32
_MOST_SAMPLES = 60_000_000  # of all channels: 10 minutes of stereo at 48 kHz


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording as decoded, before it is mixed and resampled."""

    samples: NDArray[np.float32]  # (channels, n_samples), full scale is [-1, 1]
    rate: int  # Hz
    codec: str
    container: str
    damaged: bool = False  # packets were lost, or the end is missing
    warnings: tuple[Sentence, ...] = ()


def changed() -> Sentence:
    """That a recording does not go on as it began."""
    return sentence("io.sound.changes")


def not_a_sound() -> UnreadableFile:
    """The refusal of what no decoder takes."""
    return UnreadableFile(sentence("io.sound.not_a_sound"))


def check_shape(rate: int, channels: int) -> None:
    """Raises UnsupportedFile for a rate or a number of channels that no recorder has."""
    if not _SLOWEST <= rate <= _FASTEST:
        raise UnsupportedFile(sentence("io.sound.rate", rate=rate, least=_SLOWEST, most=_FASTEST))
    if not 1 <= channels <= _MOST_CHANNELS:
        raise UnsupportedFile(sentence("io.sound.channels", channels=channels, most=_MOST_CHANNELS))


def check_length(seconds: float, rate: int, channels: int, limits: Limits) -> None:
    """Raises TooLarge for more seconds, or more samples of all channels, than are read."""
    if seconds > limits.audio_seconds:
        raise TooLarge(sentence("io.sound.too_long", seconds=limits.audio_seconds))
    if seconds * rate * channels > _MOST_SAMPLES:
        raise TooLarge(
            sentence(
                "io.sound.too_many_samples", millions=_MOST_SAMPLES // 10**6, channels=channels
            )
        )
