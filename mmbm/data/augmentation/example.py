"""One case as training takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from mmbm.case import Modality
from mmbm.data.corpus import Corpus
from mmbm.model.config import ModelConfig

__all__ = ["Example", "Plan", "example_of"]


class Plan(Protocol):
    """What a run's settings say of augmentation; ``mmbm.train.config.TrainConfig`` has it."""

    @property
    def model(self) -> ModelConfig:
        """Of the net."""
        ...

    @property
    def localise(self) -> float:
        """Weight of the loss that asks for evidence in its place; 0: it is not asked for."""
        ...

    @property
    def opacities(self) -> float:
        """Of healthy films, how many get an opacity drawn in."""
        ...

    @property
    def overlay(self) -> float:
        """Of named recordings, how many are laid over another one."""
        ...

    @property
    def crop_seconds(self) -> float:
        """Of sound, at random."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A case's parts and what is known of it."""

    case: int  # row of the corpus
    source: str
    parts: dict[Modality, Any]  # as the corpus holds them, once augmented as the net reads them
    labels: Tensor  # (findings,) float32, NaN: unknown
    events: Tensor  # (events,) float32, NaN: unknown
    where: dict[Modality, Tensor] = field(default_factory=dict)
    """Of augmented parts, where their evidence is known to lie, in [0, 1]; 0 throughout: there is
    none, or it is unknown. Image: (size, size), of an opacity; audio: (events, frames)."""


def example_of(corpus: Corpus, case: int) -> Example:
    """One case of a corpus, as it is."""
    return Example(
        case=case,
        source=str(corpus.manifest.rows.at[case, "source"]),
        parts=corpus.held(case),
        labels=corpus.labels[case],
        events=corpus.sound_labels[case],
    )
