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
from mmbm.model.lungs import Box
from mmbm.model.notes import Tokens
from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction

__all__ = ["EvidenceMaps", "WordShare", "last_layer", "place", "words"]

CELLS = 56  # a side of the map over a whole film that was cut out around its lungs


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
        image=_on_film(prediction, shares["image"]) if "image" in shares else None,
        words=None if notes is None or not prepared.tokens else words(prepared.tokens, notes),
        audio=shares.get("audio"),
        audio_seconds=prepared.seconds,
    )


def _shares(prediction: Prediction, modality: Modality, finding: int) -> NDArray[np.float64]:
    """``w_i W_c . norm_i(z_p)`` times the position's weight, on the modality's own grid."""
    readout, means = prediction.readout, prediction.features.means
    positions = prediction.features.positions[modality]
    target = readout.target(means, modality, finding)  # (d,)
    weights = positions.weights[0].double()
    shares = target @ positions.vectors[0].double() * weights
    if isinstance(readout, CoalitionReadout):
        contribution = readout.contributions(means)[finding, MODALITIES.index(modality)]
        shares += (contribution - shares.sum()) * weights
    return shares.reshape(positions.grid).numpy()


def _on_film(prediction: Prediction, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of cells -> shares over the whole film.

    Where the branch reads the lungs alone, f_i is the mean over *pixels* of the lungs of the cell
    each lies in; so a cell's share lies evenly on its lung pixels, which are put in their place.
    """
    prepared = prediction.features.prepared
    film = prepared.inputs.film
    if film is None or film.shape[1] == 1 or prepared.lungs is None:
        return shares
    lungs = film[0, 1].double().numpy()
    tall, wide = (
        np.array_split(np.arange(n), k) for n, k in zip(lungs.shape, shares.shape, strict=True)
    )
    spread = np.zeros_like(lungs)
    for i, rows in enumerate(tall):
        for j, columns in enumerate(wide):
            cell = np.ix_(rows, columns)
            inside = lungs[cell] if lungs[cell].any() else np.ones(lungs[cell].shape)
            spread[cell] = shares[i, j] * inside / inside.sum()
    return place(spread, prepared.lungs.box, CELLS)


def place(inner: NDArray[np.float64], box: Box, cells: int) -> NDArray[np.float64]:
    """A map of a part of the picture -> (cells, cells) over all of it, with the same sum.

    Each value is shared out by area among the cells that it overlaps.
    """
    down = _overlap(inner.shape[0], box.top, box.bottom, cells)
    across = _overlap(inner.shape[1], box.left, box.right, cells)
    placed: NDArray[np.float64] = down @ inner @ across.T
    return placed


def _overlap(count: int, first: float, last: float, cells: int) -> NDArray[np.float64]:
    """(cells, count): what part of each of ``count`` strips from first to last lies in a cell."""
    edges = np.linspace(first, last, count + 1) * cells
    grid = np.arange(cells)[:, None]
    inside = np.minimum(edges[1:], grid + 1) - np.maximum(edges[:-1], grid)
    part: NDArray[np.float64] = np.maximum(inside, 0.0) / np.diff(edges)
    return part


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
