"""Recordings through FFmpeg (PyAV): nearly any format, also the sound tracks of a video.

Formats that point to other files, such as playlists, are not on the list, and no protocol is
allowed. The packets are counted before any is decoded, so that hours are refused at once.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import MMBMError, NoSignal, TooLarge, UnreadableFile
from mmbm.io.declared import is_streamed
from mmbm.io.loudness import is_silent
from mmbm.io.recording import Recording, changed, check_length, check_shape, not_a_sound
from mmbm.text import sentence

__all__ = ["read_with_ffmpeg"]

_CONTAINERS = (
    "wav,w64,flac,mp3,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,aac,asf,au,caf,aiff,amr,ac3,avi"
)
_GUESSED = ("aac", "ac3", "amr")  # containers whose length FFmpeg estimates from the bit rate
_FULL_SCALE = {"u8": 2**7, "s16": 2**15, "s32": 2**31, "s64": 2**63, "flt": 1, "dbl": 1}
_PROBED_BYTES = 2**20  # read to find out what a file is
_MOST_TRACKS = 8
_MOST_PAGES = 100_000  # of an Ogg file; FFmpeg looks through empty ones for long
_MISSING = 0.25  # seconds that may lack without a word: encoders pad the ends


def read_with_ffmpeg(content: bytes, limits: Limits) -> Recording:
    """Read the first track that is not silent.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    import av

    av.logging.set_level(av.logging.PANIC)
    if content.count(b"OggS") > _MOST_PAGES:
        raise TooLarge(sentence("io.sound.pages"))
    options = {
        "format_whitelist": _CONTAINERS,
        "protocol_whitelist": "none",
        "probesize": str(_PROBED_BYTES),
    }
    try:
        with av.open(io.BytesIO(content), options=options) as container:
            if not container.streams.audio:
                raise NoSignal(sentence("io.sound.no_track"))
            return _first_heard(container, content, limits)
    except av.error.MemoryError as exc:  # a size that FFmpeg does not allocate: no true one
        raise not_a_sound() from exc
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise not_a_sound() from exc


def _first_heard(container: Any, content: bytes, limits: Limits) -> Recording:
    streams = container.streams.audio
    packets = _packets(container, streams[:_MOST_TRACKS], limits)
    silent: Recording | None = None
    refused: MMBMError | None = None
    for number, stream in enumerate(streams[:_MOST_TRACKS], 1):
        declared = _declared_seconds(container, stream, content)
        try:
            track = _decoded(container, stream, packets[stream.index], declared, limits)
        except UnreadableFile as exc:
            refused = refused or exc
            continue
        if len(streams) == 1 or not is_silent(track.samples):
            return _named(track, number, len(streams))
        silent = silent or track
    if silent is None:
        raise refused or not_a_sound()
    return silent


def _named(track: Recording, number: int, count: int) -> Recording:
    if count == 1:
        return track
    if number == 1:
        said = sentence("io.sound.first_of_tracks", tracks=count)
    else:
        said = sentence("io.sound.one_of_tracks", tracks=count, number=number)
    return replace(track, warnings=(said, *track.warnings))


# From here on a duration is a negative number in 32 bits: FFmpeg gives one to a last Vorbis packet
# that is cut short. What the packets hold is counted again when they are decoded.
_WRAPPED = 2**31


def _packets(container: Any, streams: Any, limits: Limits) -> dict[int, list[Any]]:
    """All packets by track, still compressed. Raises TooLarge where a track is too long."""
    found: dict[int, list[Any]] = {stream.index: [] for stream in streams}
    seconds = dict.fromkeys(found, 0.0)
    tick = {stream.index: float(stream.time_base or 0) for stream in streams}  # seconds
    for packet in container.demux(*streams):
        stream = packet.stream
        if 0 < packet.duration < _WRAPPED:
            seconds[stream.index] += packet.duration * tick[stream.index]
            rate, channels = stream.codec_context.sample_rate or 1, stream.codec_context.channels
            check_length(seconds[stream.index], rate, channels or 1, limits)
        found[stream.index].append(packet)
    return found


def _decoded(
    container: Any, stream: Any, packets: list[Any], declared: float, limits: Limits
) -> Recording:
    import av

    stream.codec_context.thread_count = 1
    blocks: list[tuple[str, NDArray[Any]]] = []  # each with its sample format
    rate = channels = n_samples = 0
    lost = changes = False
    for packet in packets:
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            lost = True
            continue
        for frame in frames:
            block = _block(frame)
            if not blocks:
                rate, channels = frame.sample_rate, len(block)
                check_shape(rate, channels)
            if (frame.sample_rate, len(block)) != (rate, channels):
                changes = True
                continue
            blocks.append((frame.format.name.removesuffix("p"), block))
            n_samples += block.shape[1]
            check_length(n_samples / rate, rate, channels, limits)
    if not blocks:
        raise not_a_sound()
    missing = declared - n_samples / rate > _MISSING
    return Recording(
        np.concatenate([_scaled(f, of) for f, of in groupby(blocks, itemgetter(0))], axis=1),
        rate,
        stream.codec_context.name,
        container.format.name.split(",")[0],
        damaged=lost or (missing and not changes),
        warnings=(changed(),) if changes else (),
    )


def _block(frame: Any) -> NDArray[Any]:
    """The samples of one frame as they are, (channels, n_samples)."""
    samples: NDArray[Any] = frame.to_ndarray()  # planar: (channels, n); packed: (1, n * channels)
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T


def _scaled(sample_format: str, blocks: Iterable[tuple[str, NDArray[Any]]]) -> NDArray[np.float32]:
    """Blocks of one format, one after the other, with full scale at 1: (channels, n_samples)."""
    samples = np.concatenate([block for _, block in blocks], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is reported
        scaled = samples.astype(np.float32) / np.float32(_FULL_SCALE[sample_format])
    return scaled - 1 if sample_format == "u8" else scaled


def _declared_seconds(container: Any, stream: Any, content: bytes) -> float:
    """What the header says; 0 where it says nothing, or where FFmpeg guesses."""
    name = container.format.name
    if name.startswith(_GUESSED) or (name == "mp3" and not _counts_frames(content)):
        return 0.0
    if is_streamed(content):
        return 0.0
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def _counts_frames(content: bytes) -> bool:
    """Whether the first frame of an MP3 tells how many follow; it stands behind the ID3 tag."""
    at = 0
    if content[:3] == b"ID3":  # its length: four times seven bits
        for byte in content[6:10]:
            at = at << 7 | byte & 0x7F
        at += 10
    head = content[at : at + 4096]
    return b"Xing" in head or b"Info" in head or b"VBRI" in head
