"""Is there sound in a recording, and what is wrong with it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.errors import NoSignal

__all__ = ["cautions", "check_signal", "mixed"]

_SHORTEST, _SHORT = 1.0, 5.0  # seconds: refused below the one, warned of below the other
_SILENT = 10 ** (-90 / 20)  # RMS, full scale 1
_QUIET = 10 ** (-55 / 20)
_CLIPPED_SHARE = 1e-3  # of samples at the same extreme
_SLOW_RATE = 4000  # Hz; keeps sound up to 2 kHz
_CANCELS = 0.5  # the mean of the channels against the loudest
_ALIKE = 0.5  # correlation of two channels of one sound

Samples = NDArray[np.float32]


def check_signal(waveform: Samples, rate: int) -> None:
    """``waveform`` is (n_samples,). Raises NoSignal for silence and for less than a second."""
    seconds = len(waveform) / rate
    if seconds < _SHORTEST:
        raise NoSignal(
            f"The recording lasts {seconds:.2f} seconds; at least {_SHORTEST:g} is needed."
        )
    if _rms(waveform) < _SILENT:
        raise NoSignal("The recording is silent; please check the microphone and record again.")


def mixed(samples: Samples) -> tuple[Samples, tuple[str, ...]]:
    """The mean of (channels, n_samples), or the loudest one where the channels cancel out."""
    if len(samples) == 1:
        return samples[0], ()
    levels = [_rms(channel) for channel in samples]
    loudest = samples[int(np.argmax(levels))]
    mean = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    heard = [
        channel for channel, level in zip(samples, levels, strict=True) if level > 0.1 * max(levels)
    ]
    if len(heard) == 1:
        return loudest, ("Only one channel carries sound; it alone was used.",)
    if _rms(mean) < _CANCELS * max(levels):
        return loudest, ("The channels cancel each other out; the loudest one was used.",)
    if _correlation(heard[0], heard[1]) < _ALIKE:
        return mean, ("The channels carry different sounds; their mean was used.",)
    return mean, ()


def cautions(samples: Samples, waveform: Samples, rate: int) -> tuple[str, ...]:
    """Plain sentences for the reader; ``samples`` is as decoded, ``waveform`` its mix."""
    says: list[str] = []
    if _is_clipped(samples):
        says.append("The recording is clipped: it was too loud for the microphone.")
    if _rms(waveform) < _QUIET:
        says.append("The recording is very quiet; soft sounds may be lost in its noise.")
    if len(waveform) < _SHORT * rate:
        seconds = len(waveform) / rate
        says.append(f"The recording lasts only {seconds:.1f} seconds; a few breaths are better.")
    if rate < _SLOW_RATE:
        says.append(f"Sounds above {rate / 2:.0f} Hz are missing from this recording.")
    return tuple(says)


def _is_clipped(samples: Samples) -> bool:
    """Whether runs of samples stand at the extreme, as no natural sound does."""
    peak = float(np.abs(samples).max(initial=0.0))
    at_peak = np.abs(samples) >= 0.999 * peak
    runs = at_peak[:, 1:] & at_peak[:, :-1]
    return peak > 0.5 and float(runs.mean()) > _CLIPPED_SHARE


def _rms(samples: Samples) -> float:
    """Root mean square about the mean: a constant offset is no sound."""
    return float(np.std(samples, dtype=np.float64)) if samples.size else 0.0


def _correlation(one: Samples, other: Samples) -> float:
    return float(np.corrcoef(one, other)[0, 1])
