"""What training does to a recording: a stretch of it, at times laid over another, spoilt.

A recording whose events are timed is named by what sounds in the stretch, not by what sounds
elsewhere in it: so a few seconds without the crackles of the rest are a recording without crackles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from mmbm.branches.audio.config import POOR_QUALITY
from mmbm.case import SAMPLE_RATE, Modality
from mmbm.data.augmentation.example import Example, Plan
from mmbm.data.augmentation.spoil import augment_sound, between, chance
from mmbm.data.corpus import Corpus
from mmbm.data.located import Event, event_mask

__all__ = ["FRAMES", "KINDS", "Heard", "Listener"]

FRAMES = 50  # a second, in which events are told to the loss
LEAST = 0.1  # s of an event that must sound in a stretch for it to be named by it
LOUDER = 3.0  # decibels, at most, between two recordings laid over each other
KINDS = {"crackles": ("crackles", "fine_crackles", "coarse_crackles")}  # events of several names
NORMAL = "normal"


class Heard(NamedTuple):
    """A stretch of a recording and what is known to sound in it."""

    waveform: Tensor  # (samples,) float32
    labels: Tensor  # (events,) float32, NaN: unknown
    when: Tensor  # (events, frames) float32 of 0 and 1; all 0: not, or not timed


class Listener:
    """Makes of a case's recording what one step of training hears of it."""

    def __init__(self, corpus: Corpus, config: Plan) -> None:
        self.corpus, self.names = corpus, config.model.events.get("audio", ())
        self.samples = int(config.crop_seconds * SAMPLE_RATE)
        self.overlay = config.overlay
        rows = corpus.manifest.rows
        self.marked = bool((rows["events"] != "").any())
        self.timed = bool(config.localise) and self.marked
        named = (corpus.sound_labels == corpus.sound_labels).any(1)
        if POOR_QUALITY in self.names:
            named &= corpus.sound_labels[:, self.names.index(POOR_QUALITY)] != 1
        heard = torch.from_numpy(corpus.sound_of >= 0)
        cases = (heard & named).nonzero()[:, 0].tolist()
        self.named = set(cases)
        self.others = list({corpus.sound_of[c]: c for c in cases}.values())  # a case each recording

    def __call__(self, example: Example) -> Example:
        """A stretch of the recording, and what sounds in it when. Draws as ``hear``."""
        heard = self.hear(example.case)
        where: dict[Modality, Tensor] = {"audio": heard.when} if self.timed else {}
        return replace(
            example,
            parts=example.parts | {"audio": heard.waveform},
            events=heard.labels,
            where=example.where | where,
        )

    def hear(self, case: int) -> Heard:
        """A random stretch of one case's recording. Draws from torch's global generator."""
        heard = self._stretch(case)
        if case in self.named and chance(self.overlay):
            heard = _over(heard, self._stretch(_one_of(self.others)), self.names)
        return heard._replace(waveform=augment_sound(heard.waveform))

    def _stretch(self, case: int) -> Heard:
        whole = self.corpus.sounds[self.corpus.sound_of[case]]
        marked = self.corpus.events(case) if self.marked else ()
        start, copies = _start(len(whole), self.samples)
        waveform = whole.repeat(copies)[start : start + self.samples]
        events = _within(marked, start, len(whole), copies, self.samples)
        frames = round(self.samples / SAMPLE_RATE * FRAMES)
        when = torch.stack(
            [event_mask(events, KINDS.get(n, (n,)), frames, FRAMES) for n in self.names]
        )
        labels = self.corpus.sound_labels[case]
        return Heard(waveform, _named(labels, marked, events, self.names), when)


def _start(length: int, samples: int) -> tuple[int, int]:
    """Where a stretch begins, and how often the recording is repeated to be long enough."""
    copies = math.ceil(samples / length)
    return int(torch.randint(0, copies * length - samples + 1, ())), copies


def _within(
    marked: Sequence[Event], start: int, length: int, copies: int, samples: int
) -> list[Event]:
    """The events of a stretch, in seconds from its start."""
    begin, lasts, stop = (n / SAMPLE_RATE for n in (start, length, samples))
    moved = (
        Event(
            max(event.start + copy * lasts - begin, 0.0),
            min(event.end + copy * lasts - begin, stop),
            event.name,
        )
        for copy in range(copies)
        for event in marked
    )
    return [event for event in moved if event.end > event.start]


def _named(
    labels: Tensor, marked: Sequence[Event], events: Sequence[Event], names: Sequence[str]
) -> Tensor:
    """The labels of a recording -> those of a stretch of it, (events,), by what is timed."""
    if not marked:
        return labels
    timed = {event.name for event in marked}
    here = {event.name for event in events if event.end - event.start >= LEAST}
    named = labels.clone()
    for row, name in enumerate(names):
        kinds = set(KINDS.get(name, (name,)))
        if labels[row] == 1 and kinds & timed and not kinds & here:
            named[row] = 0
        if name == NORMAL and labels[row] == 0 and not here - {NORMAL}:
            named[row] = 1 if NORMAL in here else math.nan
    return named


def _over(one: Heard, other: Heard, names: Sequence[str]) -> Heard:
    """Two stretches at once, about equally loud: what sounds in either sounds in both."""
    gain = _loudness(one.waveform) / _loudness(other.waveform)
    waveform = one.waveform + other.waveform * gain * 10 ** (between(-LOUDER, LOUDER) / 20)
    labels = torch.maximum(one.labels, other.labels)  # NaN where either is
    labels = labels.masked_fill((one.labels == 1) | (other.labels == 1), 1.0)
    if NORMAL in names:
        row = names.index(NORMAL)
        labels[row] = torch.minimum(one.labels[row], other.labels[row])
    return Heard(waveform, labels, torch.maximum(one.when, other.when))


def _loudness(waveform: Tensor) -> float:
    return float(waveform.std()) + 1e-6


def _one_of(cases: Sequence[int]) -> int:
    return cases[int(torch.randint(len(cases), ()))]
