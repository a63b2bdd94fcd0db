"""How good a recording is: its length, level, sample rate, clipping and silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmbm.case import SAMPLE_RATE, Sound
from mmbm.data.check.alike import Fingerprint, sound_fingerprint

__all__ = ["SoundFacts", "faults_of_sound", "measure_sound"]

SHORT = 5.0  # seconds
SLOW = 4000  # Hz: sounds up to 2 kHz
SILENT = 0.5  # of the recording, in frames below FLOOR
FLOOR = -65.0  # dB of full scale
QUIET = -55.0  # dB of full scale, of the whole
FRAME = SAMPLE_RATE // 20  # samples


@dataclass(frozen=True, slots=True, eq=False)
class SoundFacts:
    """What was measured of one recording."""

    seconds: float
    rate: int  # Hz, as recorded
    level: float  # dB of full scale, root mean square
    silent: float  # part of the recording
    clipped: bool
    fingerprint: Fingerprint


def measure_sound(sound: Sound) -> SoundFacts:
    """Measure a recording; whether it is clipped its reader saw before resampling."""
    wave = sound.waveform.astype(np.float64)
    frames = wave[: len(wave) // FRAME * FRAME].reshape(-1, FRAME)
    return SoundFacts(
        seconds=sound.seconds,
        rate=sound.original_rate,
        level=float(_decibels(wave.std())),
        silent=float((_decibels(frames.std(1)) < FLOOR).mean()),
        clipped=any("is clipped" in caution for caution in sound.warnings),
        fingerprint=sound_fingerprint(sound),
    )


def _decibels(amplitude: np.float64 | np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(amplitude, 1e-9))


def faults_of_sound(facts: SoundFacts) -> list[str]:
    """The kinds of remark that one recording deserves."""
    found = {
        "sound_short": facts.seconds < SHORT,
        "sound_clipped": facts.clipped,
        "sound_silent": facts.silent > SILENT,
        "sound_quiet": facts.level < QUIET,
        "sound_slow": facts.rate < SLOW,
    }
    return [kind for kind, there in found.items() if there]
