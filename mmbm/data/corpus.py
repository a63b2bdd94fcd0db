"""A manifest with every file decoded once: what training and evaluation read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.lungs import lung_cue
from mmbm.branches.image.prepare import (
    PLAIN,
    standardise,
)
from mmbm.branches.notes.cues import cues_of_note
from mmbm.branches.notes.prepare import Tokens, batch_tokens
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.case import MODALITIES
from mmbm.data.located import Box, Event
from mmbm.data.manifest import Manifest
from mmbm.io.language import language_of
from mmbm.model.config import ModelConfig
from mmbm.model.network import Inputs

__all__ = [
    "Corpus",
    "Progress",
    "as_inputs",
    "silent",
]

THUMBNAIL = 32  # pixels a side
Progress = Callable[[str, int, int], None]  # what is being read, how many are done, of how many


def silent(_what: str, _done: int, _of: int) -> None:
    """No progress shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Decoded cases in memory. Each file is held once, however many cases share it."""

    manifest: Manifest
    films: Tensor  # (films, 1 or 2, size, size) float32 in [0, 1], greys not yet standardised
    thumbnails: Tensor  # (films, 32, 32) float32, the whole film equalised
    lung_areas: Tensor  # (films,) float32, part of the whole film that is lung; NaN: not asked for
    film_of: NDArray[np.int64]  # (cases,) row of ``films``, -1: no image
    tokens: list[Tokens | None]  # one a case
    sounds: list[Tensor]  # (samples,) float32, 16 kHz
    sound_starts: list[float]  # s of silence that each file begins with, left out of ``sounds``
    sound_of: NDArray[np.int64]  # (cases,) index in ``sounds``, -1: no recording
    labels: Tensor  # (cases, findings) float32, NaN: unknown
    sound_labels: Tensor  # (cases, events) float32, NaN: unknown
    parts: Tensor  # (films, 4) float32, top, bottom, left, right of what the film shows of its file
    image: ImageConfig = PLAIN  # how greys are standardised
    modalities: tuple[str, ...] = MODALITIES  # of the model, in its order
    others: Mapping[str, Sequence[PreparedPart | None]] = field(default_factory=dict)
    """Of each modality that is not built in, one a case."""

    def __len__(self) -> int:
        return len(self.film_of)

    @property
    def present(self) -> Tensor:
        """(cases, modalities) bool, in the model's order."""
        has = [self.part_of(modality) >= 0 for modality in self.modalities]
        return torch.from_numpy(np.stack(has, 1))

    def part_of(self, modality: str) -> NDArray[np.int64]:
        """(cases,) which distinct part of a modality each case has, -1: none."""
        if modality == "image":
            return self.film_of
        if modality == "audio":
            return self.sound_of
        parts = self.tokens if modality == "notes" else self.others[modality]
        given = np.array([part is not None for part in parts], dtype=bool)
        return np.where(given, np.arange(len(parts)), -1)

    def distinct(self, modality: str) -> NDArray[np.int64]:
        """A case of each distinct part of a modality."""
        index = self.part_of(modality)
        _, first = np.unique(index, return_index=True)
        return first[index[first] >= 0]

    def cues(self, modality: str, case: int, text: str, config: ModelConfig) -> dict[str, float]:
        """How strange a branch finds one of a case's parts, whose note is ``text``."""
        if modality == "image":
            return lung_cue(float(self.lung_areas[self.film_of[case]]))
        if modality == "notes":
            tokens = self.tokens[case]
            assert tokens is not None
            foreign = language_of(text) == "other"
            return cues_of_note(tokens, text, config.notes.unknown, foreign=foreign)
        return {}

    def boxes(self, case: int) -> tuple[Box, ...]:
        """What people marked on one case's film, in fractions of what the film shows of it."""
        top, bottom, left, right = self.parts[self.film_of[case]].tolist()
        moved = (
            Box(
                (box.left - left) / (right - left),
                (box.top - top) / (bottom - top),
                (box.right - left) / (right - left),
                (box.bottom - top) / (bottom - top),
            )
            for box in self.manifest.boxes(case)
        )
        return tuple(Box(*(min(max(edge, 0.0), 1.0) for edge in box)) for box in moved)

    def events(self, case: int) -> tuple[Event, ...]:
        """What people heard in one case's recording, in seconds of what was kept of it."""
        start = self.sound_starts[self.sound_of[case]]
        marked = self.manifest.events(case)
        return tuple(
            Event(max(event.start - start, 0.0), event.end - start, event.name)
            for event in marked
            if event.end > start
        )

    def held(self, case: int) -> dict[str, Any]:
        """The parts of the model's that one case has, as they are held here."""
        return {
            modality: self._held(modality, case, part)
            for modality in self.modalities
            if (part := int(self.part_of(modality)[case])) >= 0
        }

    def _held(self, modality: str, case: int, part: int) -> Any:
        if modality == "image":
            return self.films[part]
        if modality == "audio":
            return self.sounds[part]
        return self.tokens[case] if modality == "notes" else self.others[modality][case]

    def inputs(self, cases: Sequence[int], *, only: str | None = None) -> Inputs:
        """A batch of cases, of ``only`` one modality or of all; recordings are equally long."""
        held = [
            {m: part for m, part in self.held(case).items() if only in (None, m)} for case in cases
        ]
        for parts in held:
            if "image" in parts:
                parts["image"] = standardise(parts["image"], self.image)
        return as_inputs(held, self.modalities)


def as_inputs(cases: Sequence[Mapping[str, Any]], modalities: Sequence[str]) -> Inputs:
    """A batch of cases by their parts: standardised film, tokens, waveform, or a prepared part."""
    held = {m: [case[m] for case in cases if m in case] for m in modalities}
    return Inputs(
        torch.tensor([[m in case for m in modalities] for case in cases]),
        {m: _batch(m, parts) for m, parts in held.items() if parts},
    )


def _batch(modality: str, parts: list[Any]) -> tuple[Tensor, ...]:
    """The tensors of one modality's parts, as its encoder takes them."""
    if modality == "notes":
        return batch_tokens(parts)
    if modality in MODALITIES:
        return (torch.stack(parts),)
    return branch_of(modality).collate(parts)
