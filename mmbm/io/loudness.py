"""Is there sound in a recording, where, in which channel, and what is wrong with it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.errors import NoSignal
from mmbm.text import Sentence, sentence

__all__ = ["cautions", "check_seconds", "check_signal", "is_silent", "mixed", "without_silent_ends"]

_SHORTEST, _SHORT = 1.0, 5.0  # seconds: refused below the one, warned of below the other
_SILENT = 10 ** (-90 / 20)  # RMS, full scale 1
_QUIET = 10 ** (-55 / 20)
_FRAME = 0.1  # seconds in which sound is looked for
_BELOW_LOUD = 10 ** (-50 / 20)  # a frame this much below the loud ones is silent beside them
_SILENT_END = 1.0  # seconds of silence at an end that are worth leaving out
_CLIPPED_SHARE = 1e-3  # of samples at the same extreme
_SLOW_RATE = 4000  # Hz; keeps sound up to 2 kHz
_UNHEARD = 10 ** (-50 / 20)  # a channel this much below the loudest carries no sound
_CANCELS = 0.5  # the mean of the channels against that of channels that do not cancel
_ALIKE = 0.5  # correlation of two channels of one sound
_CHEST_BAND = 60.0, 1000.0  # Hz, where breath sounds heard on the chest have their energy
_OF_CHEST, _OF_ROOM = 0.8, 0.5  # share of a channel's energy in that band: at least, at most

Samples = NDArray[np.float32]


def check_seconds(seconds: float) -> None:
    """Raises NoSignal for less than a second."""
    if seconds < _SHORTEST:
        raise NoSignal(sentence("io.sound.too_short", seconds=seconds, least=_SHORTEST))


def check_signal(waveform: Samples) -> None:
    """``waveform`` is (n_samples,). Raises NoSignal for silence."""
    if _rms(waveform) < _SILENT:
        raise NoSignal(sentence("io.sound.silent"))


def is_silent(samples: Samples) -> bool:
    """Whether no channel of (channels, n_samples) carries sound."""
    return all(_rms(np.nan_to_num(channel)) < _SILENT for channel in samples)


def mixed(samples: Samples, rate: int) -> tuple[Samples, tuple[Sentence, ...]]:
    """One channel of (channels, n_samples): the mean of those with sound, or the one that fits.

    One channel alone where they cancel out, or where one sounds like a chest and no other does.
    """
    if len(samples) == 1:
        return samples[0], ()
    levels = [_rms(channel) for channel in samples]
    numbers = [n for n, level in enumerate(levels) if level > max(_SILENT, _UNHEARD * max(levels))]
    loudest = samples[int(np.argmax(levels))]
    if len(numbers) < 2:
        return loudest, (sentence("io.sound.one_channel"),) if numbers else ()
    heard = [samples[n] for n in numbers]
    mean: Samples = np.stack(heard).mean(axis=0, dtype=np.float64).astype(np.float32)
    if _rms(mean) < _CANCELS * float(np.linalg.norm([levels[n] for n in numbers])) / len(heard):
        return loudest, (sentence("io.sound.channels_cancel"),)
    if min(_correlation(heard[0], other) for other in heard[1:]) < _ALIKE:
        shares = [_chest_share(channel, rate) for channel in heard]
        best, second = int(np.argmax(shares)), sorted(shares)[-2]
        if shares[best] >= _OF_CHEST and second <= _OF_ROOM:
            return heard[best], (sentence("io.sound.chest_channel", channel=numbers[best] + 1),)
        return mean, (sentence("io.sound.channels_differ"),)
    return mean, ()


def without_silent_ends(
    waveform: Samples, rate: int
) -> tuple[Samples, float, tuple[Sentence, ...]]:
    """(n_samples,) without the silence before and after its sound; where that begins, in s.

    And a sentence on what was left out. Raises NoSignal where less than a second of sound is left.
    """
    frame = max(1, round(_FRAME * rate))
    count = len(waveform) // frame
    levels = waveform[: count * frame].reshape(count, frame).std(axis=1, dtype=np.float64)
    silent = levels < max(_SILENT, _BELOW_LOUD * float(np.percentile(levels, 95)))
    if silent.all():
        return waveform, 0.0, ()
    before, after = int(silent.argmin()), int(silent[::-1].argmin())
    before, after = (n if n * _FRAME >= _SILENT_END else 0 for n in (before, after))
    if (count - before - after) * _FRAME < _SHORTEST:
        raise NoSignal(
            sentence(
                "io.sound.mostly_silent_file",
                seconds=(count - before - after) * _FRAME,
                least=_SHORTEST,
            )
        )
    says = [
        sentence(f"io.sound.silent_{which}", seconds=n * _FRAME)
        for which, n in (("start", before), ("end", after))
        if n
    ]
    kept = silent[before : count - after]
    if kept.mean() > 0.5:
        says.append(sentence("io.sound.mostly_silent"))
    kept_samples = waveform[before * frame : len(waveform) - after * frame]
    return kept_samples, before * frame / rate, tuple(says)


def cautions(samples: Samples, waveform: Samples, rate: int) -> tuple[Sentence, ...]:
    """Plain sentences for the reader; ``samples`` is as decoded, ``waveform`` what is heard."""
    says: list[Sentence] = []
    if _is_clipped(samples):
        says.append(sentence("io.sound.clipped"))
    if _rms(waveform) < _QUIET:
        says.append(sentence("io.sound.quiet"))
    if len(waveform) < _SHORT * rate:
        says.append(sentence("io.sound.short", seconds=len(waveform) / rate))
    if rate < _SLOW_RATE:
        says.append(sentence("io.sound.slow", hertz=rate / 2))
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


def _chest_share(channel: Samples, rate: int) -> float:
    """The share of a channel's energy that lies where breath sounds lie."""
    size = 2 ** int(np.log2(max(256, rate // 8)))
    frames = np.lib.stride_tricks.sliding_window_view(channel, size)[::size][:2000]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(size)))).sum(axis=0)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    low, high = _CHEST_BAND
    return float(power[(hertz >= low) & (hertz < high)].sum() / max(float(power[1:].sum()), 1e-30))
