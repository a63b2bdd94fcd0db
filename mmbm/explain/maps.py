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
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.case import MODALITIES, Modality
from mmbm.model.lungs import Box
from mmbm.model.notes import Tokens
from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction

__all__ = ["EvidenceMaps", "WordShare", "last_layer", "last_layers", "place", "words"]

CELLS = 56  # a side of the map over a whole film that was cut out around its lungs
FINE = 8  # a side: how finely the lungs in one cell of the feature map are drawn


class WordShare(NamedTuple):
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
    return _maps(prediction, [[f.name for f in prediction.findings].index(finding)])[0]


def last_layers(prediction: Prediction) -> tuple[EvidenceMaps, ...]:
    """The maps of all findings at once, which costs little more than those of one."""
    return _maps(prediction, list(range(len(prediction.findings))))


def _maps(prediction: Prediction, findings: list[int]) -> tuple[EvidenceMaps, ...]:
    prepared = prediction.features.prepared
    shares = {m: _shares(prediction, m, findings) for m in prediction.present}
    if "image" in shares:
        shares["image"] = _on_film(prediction, shares["image"])
    notes, tokens = shares.get("notes"), prepared.tokens
    return tuple(
        EvidenceMaps(
            finding=prediction.findings[c].name,
            image=shares["image"][k] if "image" in shares else None,
            words=None if notes is None or not tokens else words(tokens, notes[k]),
            audio=shares["audio"][k] if "audio" in shares else None,
            audio_seconds=prepared.seconds,
        )
        for k, c in enumerate(findings)
    )


def _shares(prediction: Prediction, modality: Modality, findings: list[int]) -> NDArray[np.float64]:
    """``w_i W_c . norm_i(z_p)`` times the position's weight, (findings, *the modality's grid)."""
    readout, means = prediction.readout, prediction.features.means
    positions = prediction.features.positions[modality]
    targets = torch.stack([readout.target(means, modality, c) for c in findings])  # (k, d)
    weights = positions.weights[0].double()
    shares = targets @ positions.vectors[0].double() * weights
    if isinstance(readout, CoalitionReadout):
        contribution = readout.contributions(means)[findings, MODALITIES.index(modality)]
        shares += (contribution - shares.sum(1))[:, None] * weights
    return shares.reshape(len(findings), *positions.grid).numpy()


def _on_film(prediction: Prediction, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of cells, (k, height, width) -> shares over the whole film, (k, CELLS, CELLS).

    Where the branch reads the lungs alone, f_i is the mean over the lungs of the cell each place
    lies in; so a cell's share lies evenly on its lungs, which are put in their place.
    """
    prepared = prediction.features.prepared
    film = prepared.inputs.film
    if film is None or film.shape[1] == 1 or prepared.lungs is None:
        return shares
    count, height, width = shares.shape
    lungs = adaptive_avg_pool2d(film[0, 1:].double(), (height * FINE, width * FINE))
    blocks = lungs.numpy().reshape(height, FINE, width, FINE)
    held = blocks.sum((1, 3), keepdims=True)
    parts = np.divide(blocks, held, out=np.full_like(blocks, FINE**-2), where=held > 0)
    spread = shares[:, :, None, :, None] * parts
    return place(spread.reshape(count, height * FINE, width * FINE), prepared.lungs.box, CELLS)


def place(inner: NDArray[np.float64], box: Box, cells: int) -> NDArray[np.float64]:
    """Maps of a part of the picture, (…, h, w) -> (…, cells, cells) over all of it, sums kept.

    Each value is shared out by area among the cells that it overlaps.
    """
    across = _shared_out(inner, box.left, box.right, cells)
    return _shared_out(across.swapaxes(-1, -2), box.top, box.bottom, cells).swapaxes(-1, -2)


def _shared_out(
    strips: NDArray[np.float64], first: float, last: float, cells: int
) -> NDArray[np.float64]:
    """(…, count) strips that lie from ``first`` to ``last`` of [0, 1] -> (…, cells) over all of it.

    By the running total at the edges of the cells, so that each strip gives by its overlap.
    """
    count = strips.shape[-1]
    total = np.zeros((*strips.shape[:-1], count + 1))
    np.cumsum(strips, axis=-1, out=total[..., 1:])
    edges = ((np.arange(cells + 1) / cells - first) / (last - first) * count).clip(0, count)
    below = np.minimum(edges.astype(np.int64), count - 1)
    part = edges - below
    reached: NDArray[np.float64] = total[..., below] * (1 - part) + total[..., below + 1] * part
    return np.diff(reached, axis=-1)


def words(tokens: Tokens, shares: NDArray[np.float64]) -> tuple[WordShare, ...]:
    """Add up the shares, (tokens,), of the pieces of each word."""
    if not len(shares):
        return ()
    first = np.flatnonzero(np.r_[True, np.diff(tokens.words) != 0])  # each word's first piece
    last = [*(first[1:] - 1).tolist(), len(shares) - 1]
    summed = np.add.reduceat(shares, first).tolist()
    return tuple(
        WordShare(tokens.spans[start][0], tokens.spans[end][1], share)
        for start, end, share in zip(first.tolist(), last, summed, strict=True)
    )
