"""Last-layer maps: each contribution spread over the positions that made it, exactly.

A modality's feature is a mean over positions, ``f_i = mean_p norm_i(z_p)``, and its contribution
is linear in it, so position ``p`` holds the share ``w_i W_c . norm_i(z_p) / P_i``. The shares sum
to the contribution. Each ``z_p`` has seen its surroundings (the receptive field; for a note, the
whole note), so a share says where the net gathered evidence, not which single pixel it hangs on.

With another fusion than the weighted sum, ``w_i W_c`` is the gradient of the logit at this case,
and what the contribution has beyond it, which has no place, is spread evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmbm.case import MODALITIES, Modality
from mmbm.model.notes import Tokens
from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction

__all__ = ["EvidenceMaps", "WordShare", "last_layer", "words"]


@dataclass(frozen=True, slots=True)
class WordShare:
    """One word's share, by its place in the note's text."""

    start: int
    end: int
    share: float  # logits


@dataclass(frozen=True, slots=True)
class EvidenceMaps:
    """One finding's contributions spread out, in logits; None where a modality is absent."""

    finding: str
    image: NDArray[np.float64] | None  # (height, width) cells over the whole film
    words: tuple[WordShare, ...] | None
    audio: NDArray[np.float64] | None  # (bands, times), low bands first
    audio_seconds: float  # what the times span


def last_layer(prediction: Prediction, finding: str) -> EvidenceMaps:
    """The maps of one finding, from the features that the forward pass left behind."""
    index = [f.name for f in prediction.findings].index(finding)
    prepared = prediction.features.prepared
    shares = {m: _shares(prediction, m, index) for m in prediction.present}
    notes = shares.get("notes")
    return EvidenceMaps(
        finding=finding,
        image=shares.get("image"),
        words=None if notes is None or not prepared.tokens else words(prepared.tokens, notes),
        audio=shares.get("audio"),
        audio_seconds=prepared.seconds,
    )


def _shares(prediction: Prediction, modality: Modality, finding: int) -> NDArray[np.float64]:
    """``w_i W_c . norm_i(z_p) / P_i`` on the modality's own grid."""
    readout, means = prediction.readout, prediction.features.means
    positions = prediction.features.positions[modality]
    count = positions.vectors.shape[2]
    target = readout.target(means, modality, finding)  # (d,)
    shares = target @ positions.vectors[0].double() / count
    if isinstance(readout, CoalitionReadout):
        contribution = readout.contributions(means)[finding, MODALITIES.index(modality)]
        shares += (contribution - shares.sum()) / count
    return shares.reshape(positions.grid).numpy()


def words(tokens: Tokens, shares: NDArray[np.float64]) -> tuple[WordShare, ...]:
    """Add up the shares of the pieces of each word."""
    merged: list[WordShare] = []
    previous = None
    for word, (start, end), share in zip(tokens.words, tokens.spans, shares.tolist(), strict=True):
        if merged and word == previous:
            last = merged[-1]
            merged[-1] = WordShare(last.start, end, last.share + share)
        else:
            merged.append(WordShare(start, end, share))
        previous = word
    return tuple(merged)
