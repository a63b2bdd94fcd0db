"""One case as training takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from mmbm.case import Modality
from mmbm.data.corpus import Corpus

__all__ = ["Example", "example_of"]


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
