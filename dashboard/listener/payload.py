"""A recording -> the bytes that ``mount.js`` reads, and what is said of it."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmbm.case import SAMPLE_RATE, Sound

__all__ = [
    "Chapter",
    "EventSpans",
    "Stretch",
    "Told",
    "clipped",
    "identity",
    "pack",
    "silent",
    "stretches",
]

NAME = "review"  # the panel that what is told is for
FRAME = 0.1  # seconds in which silence is looked for
SHORTEST_SILENCE = 0.5  # seconds
SILENT = 10 ** (-90 / 20)  # RMS, full scale 1
BELOW_LOUD = 10 ** (-50 / 20)  # a frame this much below the loud ones is silent beside them
AT_PEAK = 0.985  # of the peak; resampling rounds a flat top by about so much
JOINED = 0.05  # seconds between two clipped places that are told as one

Stretch = tuple[float, float]  # seconds, from and to


@dataclass(frozen=True, slots=True)
class Chapter:
    """A moment worth hearing, as a button."""

    at: float  # seconds
    text: str
    kind: Literal["raises", "lowers", "event"]


@dataclass(frozen=True, slots=True)
class EventSpans:
    """Where one event was heard."""

    text: str
    spans: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """All that is said of a recording; another finding or another language changes this alone."""

    recording_id: str
    heard: float  # seconds that the model reads
    step: float  # seconds of one share
    shares: tuple[float, ...]  # logits, of each step
    scale: float  # the share that is drawn at full height
    share_label: str
    heading: str
    chapters: tuple[Chapter, ...]
    events: tuple[EventSpans, ...]
    marked: tuple[str, ...]  # sentences on clipped and silent places
    notes: tuple[str, ...]
    texts: Mapping[str, str]
    name: str = NAME

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self) | {"texts": dict(self.texts)}


def pack(sound: Sound) -> bytes:
    """Header and samples as 16 bit integers, in one block; no word of any language."""
    header = {
        "name": NAME,
        "recording_id": identity(sound),
        "rate": SAMPLE_RATE,
        "clipped": clipped(sound),
        "silent": silent(sound),
    }
    head = json.dumps(header).encode()
    samples = (np.clip(sound.waveform, -1, 1) * 32767).round().astype("<i2")
    return struct.pack("<I", len(head)) + head + samples.tobytes()


def identity(sound: Sound) -> str:
    """Changes when the samples do."""
    return hashlib.blake2b(sound.waveform.tobytes(), digest_size=12).hexdigest()


def clipped(sound: Sound) -> list[Stretch]:
    """Where samples stand at the extreme, in a recording whose reader saw before resampling
    that it is clipped; nowhere in another, for a natural peak looks the same.
    """
    if not any(getattr(caution, "code", "") == "io.sound.clipped" for caution in sound.warnings):
        return []
    loud = np.abs(sound.waveform)
    at_peak = loud >= AT_PEAK * loud.max(initial=1e-9)
    return joined(stretches(at_peak, 1 / SAMPLE_RATE), JOINED)


def silent(sound: Sound) -> list[Stretch]:
    """Half seconds and more without sound, measured as the reader of recordings does."""
    frame = round(FRAME * SAMPLE_RATE)
    count = len(sound.waveform) // frame
    if not count:
        return []
    frames = sound.waveform[: count * frame].reshape(count, frame)
    levels = frames.std(axis=1, dtype=np.float64)
    still = levels < max(SILENT, BELOW_LOUD * float(np.percentile(levels, 95)))
    return [
        (start, end)
        for start, end in stretches(still, FRAME)
        if end - start >= SHORTEST_SILENCE - FRAME / 2
    ]


def stretches(marked: NDArray[np.bool_], step: float) -> list[Stretch]:
    """(n,) marks, one each ``step`` seconds -> the runs of marked ones, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [
        (round(float(start * step), 4), round(float(end * step), 4))
        for start, end in edges.reshape(-1, 2)
    ]


def joined(found: list[Stretch], gap: float) -> list[Stretch]:
    """Stretches with less than ``gap`` seconds between them as one."""
    whole: list[Stretch] = []
    for start, end in found:
        if whole and start - whole[-1][1] < gap:
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole
