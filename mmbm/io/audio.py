"""Sound recordings: nearly any format, to 16 kHz mono. Runs inside the sandbox."""

from __future__ import annotations

import numpy as np

from mmbm.case import SAMPLE_RATE, Sound
from mmbm.config import Limits
from mmbm.errors import UnreadableFile
from mmbm.io.declared import chains_differ, is_cut
from mmbm.io.ffmpeg import read_with_ffmpeg
from mmbm.io.libsndfile import prefers_libsndfile, read_with_libsndfile
from mmbm.io.loudness import cautions, check_seconds, check_signal, mixed, without_silent_ends
from mmbm.io.recording import Recording, changed
from mmbm.io.wav import in_full_width
from mmbm.text import sentence

__all__ = ["decode"]


def decode(content: bytes, name: str, limits: Limits) -> Sound:
    """Read a recording, told by content; ``name`` does not matter.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    import soxr

    recording = _read(content, limits)
    samples = recording.samples
    check_seconds(samples.shape[1] / recording.rate)
    broken = int(np.count_nonzero(~np.isfinite(samples)))
    if broken:
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1:  # floating-point formats may go past full scale
        samples = samples / np.float32(peak)
    waveform, mix_cautions = mixed(samples, recording.rate)
    check_signal(waveform)
    heard, start, silences = without_silent_ends(waveform, recording.rate)
    resampled = soxr.resample(heard, recording.rate, SAMPLE_RATE)
    return Sound(
        waveform=np.clip(resampled, -1, 1).astype(np.float32),
        original_rate=recording.rate,
        channels=len(samples),
        codec=recording.codec,
        container=recording.container,
        start=start,
        warnings=(
            *dict.fromkeys((*recording.warnings, *([changed()] if chains_differ(content) else []))),
            *cautions(samples, heard, recording.rate),
            *silences,
            *mix_cautions,
            *([sentence("io.sound.not_numbers")] if broken else []),
            *([sentence("io.sound.damaged")] if recording.damaged or is_cut(content) else []),
        ),
    )


def _read(content: bytes, limits: Limits) -> Recording:
    """FFmpeg first, unless libsndfile is known to be right; then the other one."""
    content = in_full_width(content)
    if prefers_libsndfile(content):
        return read_with_libsndfile(content, limits)
    try:
        return read_with_ffmpeg(content, limits)
    except UnreadableFile:
        return read_with_libsndfile(content, limits)
