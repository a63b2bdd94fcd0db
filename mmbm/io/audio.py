"""Sound recordings: nearly any format, to 16 kHz mono. Runs inside the sandbox."""

from __future__ import annotations

import numpy as np

from mmbm.case import SAMPLE_RATE, Sound
from mmbm.config import Limits
from mmbm.errors import UnreadableFile
from mmbm.io.ffmpeg import read_with_ffmpeg
from mmbm.io.libsndfile import prefers_libsndfile, read_with_libsndfile
from mmbm.io.loudness import cautions, check_signal, mixed, without_silent_ends
from mmbm.io.recording import Recording

__all__ = ["decode"]

_STREAMED = 0x7F00_0000  # a RIFF size from here on stands for "not known"


def decode(content: bytes, name: str, limits: Limits) -> Sound:
    """Read a recording, told by content; ``name`` does not matter.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    import soxr

    recording = _read(content, limits)
    samples = recording.samples
    broken = int(np.count_nonzero(~np.isfinite(samples)))
    if broken:
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1:  # floating-point formats may go past full scale
        samples = samples / np.float32(peak)
    waveform, mix_cautions = mixed(samples, recording.rate)
    check_signal(waveform, recording.rate)
    heard, silences = without_silent_ends(waveform, recording.rate)
    resampled = soxr.resample(heard, recording.rate, SAMPLE_RATE)
    return Sound(
        waveform=np.clip(resampled, -1, 1).astype(np.float32),
        original_rate=recording.rate,
        channels=len(samples),
        codec=recording.codec,
        container=recording.container,
        warnings=(
            *recording.warnings,
            *cautions(samples, heard, recording.rate),
            *silences,
            *mix_cautions,
            *(["Some samples are not numbers; they were set to silence."] if broken else []),
            *(
                ["The recording is damaged or cut short: part of it is missing."]
                if recording.damaged or _is_cut(content)
                else []
            ),
        ),
    )


def _read(content: bytes, limits: Limits) -> Recording:
    """FFmpeg first, unless libsndfile is known to be right; then the other one."""
    if prefers_libsndfile(content):
        return read_with_libsndfile(content, limits)
    try:
        return read_with_ffmpeg(content, limits)
    except UnreadableFile:
        return read_with_libsndfile(content, limits)


def _is_cut(content: bytes) -> bool:
    """Whether a RIFF file says it is longer than it is; decoders do not mention it."""
    if content[:4] != b"RIFF":
        return False
    declared = int.from_bytes(content[4:8], "little")
    return declared < _STREAMED and declared + 8 > len(content) + 1  # writers differ by a byte
