"""One method's answer, as the page and the report take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Modality
from mmbm.explain.attribution.methods import Shares
from mmbm.explain.attribution.spaces import Over, Space
from mmbm.explain.maps import WordShare, place, words
from mmbm.model.lungs import WHOLE

__all__ = ["Attribution", "answer"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """One method's answer for one modality and one finding, in logits."""

    modality: Modality
    finding: str
    values: NDArray[np.float32] | tuple[WordShare, ...]
    """(size, size) pixels over the whole film, (n_samples,) at 16 kHz, (mels, frames) with low
    bands first, or words."""
    method: str
    baseline: str  # in words, for the screen; "none" where the method has none
    explained: float  # contribution minus the baseline's; NaN where the method promises no sum
    delta: float  # |sum of values - explained|, as a fraction of it; NaN likewise
    steps: int
    seconds: float
    over: Over
    unplaced: float = 0.0  # what fell to tokens that stand for no word of the note


def answer(
    space: Space, shares: Shares, *, method: str, baseline: str, seconds: float
) -> Attribution:
    """Shares in a space -> the answer, put in its place on the film or in the note."""
    values, unplaced = _placed(space, shares)
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


def _placed(
    space: Space, shares: Shares
) -> tuple[NDArray[np.float32] | tuple[WordShare, ...], float]:
    found = shares.values[0].double().cpu()
    prepared = space.prediction.features.prepared
    if space.over == "words":
        assert prepared.tokens is not None
        all_words = words(prepared.tokens, found.sum(-1).numpy()[None])[0]
        shown = tuple(word for word in all_words if word.end > word.start)
        return shown, sum(word.share for word in all_words if word.end == word.start)
    if space.over != "pixels":
        return found.float().numpy(), 0.0
    size, pixels = space.given.shape[-1], found[0].numpy()
    if prepared.box != WHOLE or pixels.shape != (size, size):
        pixels = place(pixels, prepared.box, size)
    return pixels.astype(np.float32), 0.0
