"""Last-layer maps: each contribution spread over the positions that made it, exactly.

A modality's feature is a mean over positions, ``f_i = mean_p norm_i(z_p)``, and its contribution
is linear in it, so position ``p`` holds the share ``w_i W_c . norm_i(z_p) / P_i``. The shares sum
to the contribution. Each ``z_p`` has seen its surroundings (the receptive field; for a note, the
whole note), so a share says where the net gathered evidence, not which single pixel it hangs on.

The cells of a film are coarse, and where their grid happens to lie on it moves the top of the map.
:func:`finer_maps` therefore reads the film four times more, moved a quarter of a cell to each
corner, and lays the four grids over each other: its tops lie more often on what is there
(``benchmarks/planted.py``, ``benchmarks/boxes.py``).

With another fusion than the weighted sum, ``w_i W_c`` is the gradient of the logit at this case,
and what the contribution has beyond it, which has no place, is spread evenly.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmbm.case import MODALITIES, Modality
from mmbm.memory import halving
from mmbm.model.lungs import SIDE, WHOLE, Box, Lungs
from mmbm.model.network import Inputs
from mmbm.model.notes import Tokens
from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction, Predictor

__all__ = [
    "EvidenceMaps",
    "WordShare",
    "clauses",
    "cut_around",
    "finer_maps",
    "last_layer",
    "last_layers",
    "place",
    "words",
]

# where a clause ends: not inside 38.6 or 1,200, nor in a list of signs that are denied as one
STOPS = re.compile(r"[.,](?=\s|$)|[;|。，；\n]|\s-\s")
CELLS = SIDE // 2  # a side of the map over a whole film that was cut out around its lungs


class WordShare(NamedTuple):
    """One word's share, by its place in the note's text."""

    start: int
    end: int
    share: float  # logits


@dataclass(frozen=True, slots=True, eq=False)
class Words(Sequence[WordShare]):
    """A note's words with the shares of one map, added up over its pieces when it is asked for."""

    tokens: Tokens
    first: Sequence[int]  # each word's first piece, and how many pieces there are
    shares: NDArray[np.float64]  # of each piece

    def __len__(self) -> int:
        return len(self.first) - 1

    @overload
    def __getitem__(self, place: int) -> WordShare: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[WordShare]: ...
    def __getitem__(self, place: int | slice) -> WordShare | Sequence[WordShare]:
        if isinstance(place, slice):
            return tuple(self[k] for k in range(*place.indices(len(self))))
        k = range(len(self))[place]
        pieces = slice(self.first[k], self.first[k + 1])
        spans = self.tokens.spans[pieces]
        return WordShare(spans[0][0], spans[-1][1], float(self.shares[pieces].sum()))


@dataclass(frozen=True, eq=False)
class EvidenceMaps:
    """One finding's contributions spread out, in logits; None where a modality is absent."""

    finding: str
    cells: NDArray[np.float64] | None  # (height, width) of the image branch
    lungs: Lungs | None  # which the film was cut out around; None: the cells cover all of ``box``
    words: Sequence[WordShare] | None
    audio: NDArray[np.float64] | None  # (bands, times), low bands first
    audio_seconds: float  # what the times span
    box: Box = WHOLE  # the part of the picture that the cells cover
    audio_start: float = 0.0  # s of the recording's file at which the times begin

    @cached_property
    def image(self) -> NDArray[np.float64] | None:
        """The cells in their place, (height, width) over the whole film, when it is drawn."""
        if self.cells is not None and self.lungs is not None:
            return _on_film(self.cells, self.lungs)
        if self.cells is None or self.box == WHOLE:
            return self.cells
        return place(self.cells, self.box, CELLS)


def last_layer(prediction: Prediction, finding: str) -> EvidenceMaps:
    """The maps of one finding, from the features that the forward pass left behind."""
    return last_layers(prediction)[[f.name for f in prediction.findings].index(finding)]


def last_layers(prediction: Prediction) -> tuple[EvidenceMaps, ...]:
    """The maps of all findings at once, which costs little more than those of one."""
    tokens = prediction.features.prepared.tokens
    directions = prediction.readout.directions(prediction.features.means).float()
    shares = {
        m: _shares(prediction, m, directions[:, i])
        for i, m in enumerate(MODALITIES)
        if m in prediction.present
    }
    lungs = cut_around(prediction)
    told = words(tokens, shares["notes"]) if tokens and "notes" in shares else None
    return tuple(
        EvidenceMaps(
            finding=finding.name,
            cells=shares["image"][c] if "image" in shares else None,
            lungs=lungs,
            words=None if told is None else told[c],
            audio=shares["audio"][c] if "audio" in shares else None,
            audio_seconds=prediction.features.prepared.seconds,
            box=prediction.features.prepared.box,
            audio_start=prediction.features.prepared.start,
        )
        for c, finding in enumerate(prediction.findings)
    )


def finer_maps(predictor: Predictor, prediction: Prediction) -> tuple[EvidenceMaps, ...]:
    """The last-layer maps of all findings with the film's from four grids that interleave.

    The mean of the last-layer maps of the film moved by a quarter of a cell to each corner, drawn
    evenly on the lungs where the branch reads those alone. What the moves add to a contribution or
    take from it has no place and is spread evenly, so the shares still sum to it.

    Source: Coifman & Donoho, Translation-invariant de-noising, 1995; "shift and stitch" in Long,
    Shelhamer & Darrell, CVPR 2015.
    """
    maps, film = last_layers(prediction), prediction.features.prepared.inputs.film
    if film is None or "image" not in prediction.present:
        return maps
    means, size = prediction.features.means, film.shape[-2:]
    directions = prediction.readout.directions(means)[:, 0].float()
    grid = prediction.features.positions["image"].grid
    fields = predictor.fitting(
        lambda which: which.alone(lambda: _stitched(which, film, directions, grid))
    ).double()
    lungs = cut_around(prediction)
    counted = torch.ones(1, *size).double() if lungs is None else film[0, 1:].double()
    even = counted / counted.sum()
    shares = fields * even
    gap = prediction.readout.contributions(means)[:, 0] - shares.sum((1, 2))
    shares += gap[:, None, None] * even
    placed = place(shares.numpy(), prediction.features.prepared.box, CELLS)
    return tuple(
        replace(m, cells=c, lungs=None, box=WHOLE) for m, c in zip(maps, placed, strict=True)
    )


@torch.no_grad()
def _stitched(
    predictor: Predictor, film: Tensor, directions: Tensor, grid: Sequence[int]
) -> Tensor:
    """What each place of a film says, (findings, height, width), by the mean of four grids."""
    network, device = predictor.network, predictor.torch_device
    height, width = film.shape[-2:]
    down, across = (max(1, side // (4 * n)) for side, n in zip((height, width), grid, strict=True))
    wide = pad(film, (across, across, down, down), mode="replicate")
    corners = [(top, left) for top in (0, 2 * down) for left in (0, 2 * across)]
    windows = torch.cat([wide[..., t : t + height, x : x + width] for t, x in corners])

    def vectors(part: Tensor) -> Tensor:
        present = torch.ones(len(part), len(MODALITIES), dtype=torch.bool)
        seen = network.encode("image", Inputs(present, part.to(device)))
        assert seen is not None
        return seen.vectors.cpu()

    seen = halving(lambda n: torch.cat([vectors(w) for w in torch.split(windows, n)]), len(windows))
    said = (directions @ seen).reshape(len(corners), -1, *grid)
    laid = wide.new_zeros(len(directions), *wide.shape[-2:])
    for (top, left), field in zip(corners, interpolate(said, (height, width)), strict=True):
        laid[:, top : top + height, left : left + width] += field / len(corners)
    return laid[:, down : down + height, across : across + width]


def _shares(prediction: Prediction, modality: Modality, directions: Tensor) -> NDArray[np.float64]:
    """``w_i W_c . norm_i(z_p)`` times the position's weight, (findings, *the modality's grid)."""
    readout, positions = prediction.readout, prediction.features.positions[modality]
    weights = positions.weights
    shares = (directions @ positions.vectors[0]).double() * weights
    if isinstance(readout, CoalitionReadout):
        means = prediction.features.means
        contribution = readout.contributions(means)[:, MODALITIES.index(modality)]
        shares += (contribution - shares.sum(1))[:, None] * weights
    return shares.reshape(-1, *positions.grid).numpy()


def cut_around(prediction: Prediction) -> Lungs | None:
    """The lungs that the film was cut out around; None where all of it was read."""
    prepared = prediction.features.prepared
    film = prepared.inputs.film
    return prepared.lungs if film is not None and film.shape[1] > 1 else None


def _on_film(shares: NDArray[np.float64], lungs: Lungs) -> NDArray[np.float64]:
    """Shares of cells, (height, width) -> shares over the whole film, (CELLS, CELLS).

    Where the branch reads the lungs alone, f_i is the mean over the lungs of the cell each place
    lies in; so a cell's share lies evenly on its lungs, and evenly where it has none.
    """
    down = _overlaps(shares.shape[-2], lungs.box.top, lungs.box.bottom, CELLS)
    across = _overlaps(shares.shape[-1], lungs.box.left, lungs.box.right, CELLS)
    step = SIDE // CELLS
    fields = lungs.fields[::step, ::step] + np.float64(1e-6)  # (CELLS, CELLS), never nothing
    density = shares / (down.T @ fields @ across)
    placed: NDArray[np.float64] = down @ density @ across.T * fields
    return placed


def place(inner: NDArray[np.float64], box: Box, cells: int) -> NDArray[np.float64]:
    """Maps of a part of the picture, (…, h, w) -> (…, cells, cells) over all of it, sums kept.

    Each value is shared out by area among the cells that it overlaps.
    """
    down = _overlaps(inner.shape[-2], box.top, box.bottom, cells)
    across = _overlaps(inner.shape[-1], box.left, box.right, cells)
    placed: NDArray[np.float64] = down @ inner @ across.T
    return placed


def _overlaps(strips: int, first: float, last: float, cells: int) -> NDArray[np.float64]:
    """What part of each strip, from ``first`` to ``last`` of [0, 1], lies in each cell of all.

    (cells, strips)
    """
    edges = (np.arange(cells + 1) / cells - first) * (strips / (last - first))
    reached = (edges[:, None] - np.arange(strips)).clip(0, 1)  # of each strip, up to each edge
    return np.asarray(reached[1:] - reached[:-1])


def words(tokens: Tokens, shares: NDArray[np.float64]) -> tuple[Sequence[WordShare], ...]:
    """Of each map the words of its note, from the shares of their pieces, (maps, tokens)."""
    if not tokens.words:
        return ((),) * len(shares)
    starts = [k for k, (a, b) in enumerate(pairwise(tokens.words), 1) if a != b]
    first = (0, *starts, len(tokens.words))
    return tuple(Words(tokens, first, row) for row in shares)


def clauses(text: str, shares: Sequence[WordShare]) -> tuple[WordShare, ...]:
    """The shares of a note's words added up over its clauses, in their order.

    A word alone means little: of "denies fever" the second speaks for, the first against.
    """
    ends = [stop.end() for stop in STOPS.finditer(text)]
    found: dict[int, list[WordShare]] = {}
    for word in shares:
        if word.end > word.start:
            found.setdefault(bisect_right(ends, word.start), []).append(word)
    return tuple(
        WordShare(of[0].start, of[-1].end, sum(word.share for word in of)) for of in found.values()
    )
