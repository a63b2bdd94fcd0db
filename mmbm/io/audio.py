"""Sound recordings: nearly any format, to 16 kHz mono. Runs inside the sandbox.

FFmpeg (through PyAV) reads first, libsndfile second. Formats that point to other files, such as
playlists, are not on the list, and no protocol is allowed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.case import SAMPLE_RATE, Sound
from mmbm.config import Limits
from mmbm.errors import MMBMError, NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.loudness import cautions, check_signal, mixed

__all__ = ["Recording", "decode"]

_CONTAINERS = (
    "wav,w64,flac,mp3,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,aac,asf,au,caf,aiff,amr,ac3,avi"
)
_SLOWEST, _FASTEST = 1000, 768_000  # Hz
_MOST_CHANNELS = 32
_FULL_SCALE = {"u8": 2**7, "s16": 2**15, "s32": 2**31, "s64": 2**63, "flt": 1, "dbl": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording as decoded, before it is mixed and resampled."""

    samples: NDArray[np.float32]  # (channels, n_samples), full scale is [-1, 1]
    rate: int  # Hz
    codec: str
    container: str
    damaged: bool = False  # packets were lost, or the end is missing


def decode(content: bytes, name: str, limits: Limits) -> Sound:
    """Read a recording, told by content; ``name`` does not matter.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    try:
        recording = _with_ffmpeg(content, limits)
    except UnreadableFile:
        recording = _with_libsndfile(content, limits)
    import soxr

    samples = recording.samples
    broken = int(np.count_nonzero(~np.isfinite(samples)))
    if broken:
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1:  # floating-point formats may go past full scale
        samples = samples / np.float32(peak)
    waveform, mix_cautions = mixed(samples)
    check_signal(waveform, recording.rate)
    resampled = soxr.resample(waveform, recording.rate, SAMPLE_RATE)
    return Sound(
        waveform=np.clip(resampled, -1, 1).astype(np.float32),
        original_rate=recording.rate,
        channels=len(samples),
        codec=recording.codec,
        container=recording.container,
        warnings=(
            *cautions(samples, waveform, recording.rate),
            *mix_cautions,
            *(["Some samples are not numbers; they were set to silence."] if broken else []),
            *(
                ["The recording is damaged or cut short: part of it is missing."]
                if recording.damaged or _is_cut(content)
                else []
            ),
        ),
    )


def _with_ffmpeg(content: bytes, limits: Limits) -> Recording:
    import av

    av.logging.set_level(av.logging.PANIC)
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    try:
        with av.open(io.BytesIO(content), options=options) as container:
            if not container.streams.audio:
                raise NoSignal("This file has no sound track; please give a sound recording.")
            return _decode_stream(container, limits)
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableFile(_NOT_A_SOUND) from exc


_NOT_A_SOUND = (
    "The sound could not be decoded: the file is damaged or is no recording. "
    "Please give a WAV, FLAC, MP3, M4A, OGG or WebM file."
)


def _decode_stream(container: Any, limits: Limits) -> Recording:
    import av

    stream = container.streams.audio[0]
    stream.codec_context.thread_count = 1
    declared = _declared_seconds(container, stream)
    _check_seconds(declared, limits)
    blocks: list[NDArray[np.float32]] = []
    rate = channels = n_samples = lost = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            lost += 1
            continue
        for frame in frames:
            block = _block(frame)
            if not blocks:
                rate, channels = frame.sample_rate, len(block)
                _check_shape(rate, channels)
            if (frame.sample_rate, len(block)) != (rate, channels):
                lost += 1
                continue
            blocks.append(block)
            n_samples += block.shape[1]
            _check_seconds(n_samples / rate, limits)
    if not blocks:
        raise UnreadableFile(_NOT_A_SOUND)
    return Recording(
        np.concatenate(blocks, axis=1),
        rate,
        stream.codec_context.name,
        container.format.name.split(",")[0],
        damaged=lost > 0 or n_samples / rate < 0.9 * declared,
    )


def _block(frame: Any) -> NDArray[np.float32]:
    """The samples of one frame, (channels, n_samples)."""
    samples = frame.to_ndarray()  # planar: (channels, n); packed: (1, n * channels)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    scale = _FULL_SCALE[frame.format.name.removesuffix("p")]
    with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite, and is reported
        block: NDArray[np.float32] = samples.astype(np.float32) / np.float32(scale)
    return block - 1 if frame.format.name.startswith("u8") else block


def _declared_seconds(container: Any, stream: Any) -> float:
    """What the header says, 0 where it says nothing."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def _with_libsndfile(content: bytes, limits: Limits) -> Recording:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            _check_shape(file.samplerate, file.channels)
            _check_seconds(file.frames / file.samplerate, limits)
            samples = file.read(file.frames, dtype="float32", always_2d=True).T
            return Recording(
                samples,
                file.samplerate,
                file.subtype.lower(),
                file.format.lower(),
                damaged=True,  # or FFmpeg would have read it
            )
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableFile(_NOT_A_SOUND) from exc


def _check_shape(rate: int, channels: int) -> None:
    if not _SLOWEST <= rate <= _FASTEST:
        raise UnsupportedFile(
            f"The recording has {rate} samples a second; {_SLOWEST} to {_FASTEST} are read."
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise UnsupportedFile(
            f"The recording has {channels} channels; 1 to {_MOST_CHANNELS} are read."
        )


def _check_seconds(seconds: float, limits: Limits) -> None:
    if seconds > limits.audio_seconds:
        raise TooLarge(
            f"The recording is longer than {limits.audio_seconds:g} seconds; please cut out "
            "the part that matters."
        )


def _is_cut(content: bytes) -> bool:
    """Whether a RIFF file says it is longer than it is; decoders do not mention it."""
    if content[:4] != b"RIFF":
        return False
    declared = int.from_bytes(content[4:8], "little")
    return declared < 0xFFFF_0000 and declared + 8 > len(content) + 1  # writers differ by a byte
