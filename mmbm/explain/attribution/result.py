"""One method's answer, as the page and the report take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmbm.explain.attribution.methods import Shares
from mmbm.explain.attribution.spaces import Space

__all__ = ["Attribution", "answer"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """One method's answer for one modality and one finding, in logits."""

    modality: str
    finding: str
    values: Any
    """As the space places them: (size, size) pixels over the whole film, (n_samples,) at 16 kHz,
    (mels, frames) with low bands first, or a tuple of words' shares."""
    method: str
    baseline: str  # in words, for the screen; "none" where the method has none
    explained: float  # contribution minus the baseline's; NaN where the method promises no sum
    delta: float  # |sum of values - explained|, as a fraction of it; NaN likewise
    steps: int
    seconds: float
    over: str
    unplaced: float = 0.0  # what has no place, such as tokens that stand for no word of the note


def answer(
    space: Space, shares: Shares, *, method: str, baseline: str, seconds: float
) -> Attribution:
    """Shares in a space -> the answer, put in its place on the film or in the note."""
    values, unplaced = space.kind.placed(shares.values[0].double().cpu(), space.prepared)
    return Attribution(
        modality=space.modality,
        finding=space.finding,
        values=values,
        method=method,
        baseline=baseline,
        explained=shares.explained,
        delta=shares.delta,
        steps=shares.steps,
        seconds=seconds,
        over=space.over,
        unplaced=unplaced,
    )
