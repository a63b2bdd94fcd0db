"""Synthesises breathing as a stethoscope hears it: vesicular noise, heart beats, crackles."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["RATE", "Crackles", "synthesise"]

Crackles = Literal["none", "fine", "coarse"]
Wave = NDArray[np.float64]

RATE = 8000  # Hz
INSPIRATION = 0.38  # share of a breath
TWO_CYCLES = {"fine": 0.005, "coarse": 0.010}  # s, of the first two cycles
PER_BREATH = {"none": (0, 0), "fine": (9, 16), "coarse": (10, 16)}
PLACE = {"fine": (0.45, 0.98), "coarse": (0.15, 0.85)}  # of the inspiration


def synthesise(
    rng: Generator,
    *,
    seconds: float,
    breaths_per_minute: float,
    beats_per_minute: float,
    crackles: Crackles,
) -> NDArray[np.float32]:
    """Synthesise a recording: (n_samples,) float32 in [-0.9, 0.9], 8 kHz mono."""
    count = round(seconds * RATE)
    sound = 0.0008 * rng.standard_normal(count)  # the room and the membrane
    sound += _heart(rng, count, beats_per_minute)
    start = -float(rng.uniform(0.1, 0.9))
    while start < seconds:
        length = 60.0 / breaths_per_minute * float(rng.normal(1.0, 0.05))
        _add_breath(rng, sound, start, length, crackles)
        start += length
    sound *= 0.8 / np.abs(sound).max()
    return sound.astype(np.float32)


def _shaped_noise(rng: Generator, count: int, low: float, knee: float) -> Wave:
    """Noise of unit variance above ``low`` Hz that falls by 18 dB an octave from ``knee`` Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1.0 / RATE)
    gain = 1.0 / (1.0 + (hertz / knee) ** 3) / (1.0 + (low / np.maximum(hertz, 1.0)) ** 4)
    noise = np.fft.irfft(spectrum * gain, count)
    return np.asarray(noise / noise.std())


def _add(sound: Wave, part: Wave, at: float) -> None:
    """Add ``part`` from second ``at``; what lies outside is cut off."""
    first = round(at * RATE)
    low, high = max(first, 0), min(first + len(part), len(sound))
    if low < high:
        sound[low:high] += part[low - first : high - first]


def _add_breath(
    rng: Generator, sound: Wave, start: float, length: float, crackles: Crackles
) -> None:
    inhaling = INSPIRATION * length
    depth = float(rng.uniform(0.85, 1.15))
    for at, lasts, level, knee in (
        (start, inhaling, 0.040, 260.0),
        (start + inhaling * 1.04, 0.42 * length, 0.015, 180.0),
    ):
        count = max(round(lasts * RATE), 8)
        along = np.linspace(0.0, 1.0, count)
        swell = np.sin(np.pi * along**0.85) ** 1.3
        flutter = 1.0 + 0.12 * np.interp(along, np.linspace(0, 1, 9), rng.standard_normal(9))
        _add(sound, depth * level * swell * flutter * _shaped_noise(rng, count, 144.0, knee), at)
    if crackles == "none":
        return
    few, many = PER_BREATH[crackles]
    early, late = PLACE[crackles]
    for place in np.sort(rng.uniform(early, late, int(rng.integers(few, many + 1)))):
        size = 0.26 * float(rng.lognormal(0.0, 0.28))
        sign = float(rng.choice((-1.0, 1.0)))
        _add(sound, sign * size * _crackle(rng, crackles), start + float(place) * inhaling)


def _crackle(rng: Generator, kind: Literal["fine", "coarse"]) -> Wave:
    """A damped oscillation whose cycles widen, about four of them."""
    two_cycles = TWO_CYCLES[kind] * float(rng.uniform(0.8, 1.25))
    time = np.arange(round(3.0 * two_cycles * RATE)) / RATE / two_cycles
    phase = 4.0 * np.pi * time**0.8  # two cycles at time 1
    return np.asarray(np.sin(phase) * np.exp(-1.9 * time) * np.minimum(time / 0.06, 1.0))


def _heart(rng: Generator, count: int, beats_per_minute: float) -> Wave:
    """Faint first and second heart sounds."""
    sound = np.zeros(count)
    time = np.arange(round(0.12 * RATE)) / RATE
    at = float(rng.uniform(0.0, 0.5))
    while at < count / RATE:
        beat = 60.0 / beats_per_minute * float(rng.normal(1.0, 0.03))
        for delay, hertz, level in ((0.0, 48.0, 0.0675), (0.36 * beat, 66.0, 0.045)):
            tone = level * np.sin(2 * np.pi * hertz * time) * np.exp(-time / 0.022)
            _add(sound, tone * np.minimum(time / 0.006, 1.0), at + delay)
        at += beat
    return sound
