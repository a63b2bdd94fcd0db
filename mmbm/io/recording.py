"""A recording as decoded, and the limits that hold before and while it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnsupportedFile

__all__ = ["CHANGED", "NOT_A_SOUND", "Recording", "check_length", "check_shape"]

_SLOWEST, _FASTEST = 1000, 768_000  # Hz
_MOST_CHANNELS = 32
_MOST_SAMPLES = 60_000_000  # of all channels: 10 minutes of stereo at 48 kHz
CHANGED = (
    "The recording changes its sample rate or its channels on the way; what differs from its "
    "beginning was left out."
)
NOT_A_SOUND = (
    "The sound could not be decoded: the file is damaged, is no recording, or is of a kind that "
    "is not read. Please give a WAV, FLAC, MP3, M4A, OGG or WebM file."
)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording as decoded, before it is mixed and resampled."""

    samples: NDArray[np.float32]  # (channels, n_samples), full scale is [-1, 1]
    rate: int  # Hz
    codec: str
    container: str
    damaged: bool = False  # packets were lost, or the end is missing
    warnings: tuple[str, ...] = ()


def check_shape(rate: int, channels: int) -> None:
    """Raises UnsupportedFile for a rate or a number of channels that no recorder has."""
    if not _SLOWEST <= rate <= _FASTEST:
        raise UnsupportedFile(
            f"The recording has {rate} samples a second; {_SLOWEST} to {_FASTEST} are read."
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise UnsupportedFile(
            f"The recording has {channels} channels; 1 to {_MOST_CHANNELS} are read."
        )


def check_length(seconds: float, rate: int, channels: int, limits: Limits) -> None:
    """Raises TooLarge for more seconds, or more samples of all channels, than are read."""
    if seconds > limits.audio_seconds:
        raise TooLarge(
            f"The recording is longer than {limits.audio_seconds:g} seconds; please cut out "
            "the part that matters."
        )
    if seconds * rate * channels > _MOST_SAMPLES:
        raise TooLarge(
            f"The recording has more than {_MOST_SAMPLES // 10**6} million samples in its "
            f"{channels} channels; please save it in mono, or cut out the part that matters."
        )
