"""A chest X-ray's contribution in its place on the picture, from cells or from finer grids.

The cells of a film are coarse, and where their grid happens to lie on it moves the top of the map.
:func:`stitched` therefore reads the film four times more, moved a quarter of a cell to each corner,
and lays the four grids over each other: its tops lie more often on what is there
(``benchmarks/planted.py``, ``benchmarks/boxes.py``).

Source: Coifman & Donoho, Translation-invariant de-noising, 1995; "shift and stitch" in Long,
Shelhamer & Darrell, CVPR 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmbm.branches.image.lungs import SIDE, Lungs
from mmbm.branches.image.prepare import PreparedImage
from mmbm.branches.parts import WHOLE, Box, overlaps, spread

__all__ = ["FilmEvidence", "finer", "on_film", "share_inside", "stitched"]

CELLS = SIDE // 2  # a side of the map over a whole film that was cut out around its lungs


@dataclass(frozen=True, eq=False)
class FilmEvidence:
    """One finding's contribution spread over the picture."""

    cells: NDArray[np.float64]  # (height, width) of the image branch
    lungs: Lungs | None = None  # which the film was cut out around; None: cells cover ``box``
    box: Box = WHOLE  # the part of the picture that the cells cover

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The cells in their place, (height, width) over the whole film, when it is drawn."""
        if self.lungs is not None:
            return on_film(self.cells, self.lungs)
        return self.cells if self.box == WHOLE else spread(self.cells, self.box, CELLS)


def on_film(shares: NDArray[np.float64], lungs: Lungs) -> NDArray[np.float64]:
    """Shares of cells, (height, width) -> shares over the whole film, (CELLS, CELLS).

    Where the branch reads the lungs alone, f_i is the mean over the lungs of the cell each place
    lies in; so a cell's share lies evenly on its lungs, and evenly where it has none.
    """
    down = overlaps(shares.shape[-2], lungs.box.top, lungs.box.bottom, CELLS)
    across = overlaps(shares.shape[-1], lungs.box.left, lungs.box.right, CELLS)
    step = SIDE // CELLS
    fields = lungs.fields[::step, ::step] + np.float64(1e-6)  # (CELLS, CELLS), never nothing
    density = shares / (down.T @ fields @ across)
    placed: NDArray[np.float64] = down @ density @ across.T * fields
    return placed


def finer(
    encode: Callable[..., Tensor],
    directions: Tensor,
    contributions: Tensor,
    grid: tuple[int, ...],
    prepared: PreparedImage,
) -> list[FilmEvidence]:
    """Every finding's evidence from four grids that interleave, drawn evenly on the lungs where
    the branch reads those alone.

    What the moves add to a contribution or take from it has no place and is spread evenly, so the
    shares still sum to it. Shapes: directions (findings, d), contributions (findings,).
    """
    (film,) = prepared.tensors
    fields = stitched(encode, film, directions, grid).double()
    lungs = prepared.cut_around
    counted = torch.ones(1, *film.shape[-2:]).double() if lungs is None else film[0, 1:].double()
    even = counted / counted.sum()
    shares = fields * even
    shares += (contributions - shares.sum((1, 2)))[:, None, None] * even
    return [FilmEvidence(cells) for cells in spread(shares.numpy(), prepared.box, CELLS)]


def stitched(
    encode: Callable[..., Tensor], film: Tensor, directions: Tensor, grid: tuple[int, ...]
) -> Tensor:
    """What each place of a film says, (findings, height, width), by the mean of four grids."""
    height, width = film.shape[-2:]
    down, across = (max(1, side // (4 * n)) for side, n in zip((height, width), grid, strict=True))
    wide = pad(film, (across, across, down, down), mode="replicate")
    corners = [(top, left) for top in (0, 2 * down) for left in (0, 2 * across)]
    windows = torch.cat([wide[..., t : t + height, x : x + width] for t, x in corners])
    said = (directions @ encode(windows)).reshape(len(corners), -1, *grid)
    laid = wide.new_zeros(len(directions), *wide.shape[-2:])
    for (top, left), field in zip(corners, interpolate(said, (height, width)), strict=True):
        laid[:, top : top + height, left : left + width] += field / len(corners)
    return laid[:, down : down + height, across : across + width]


def share_inside(evidence: NDArray[np.float64], lungs: Lungs) -> float | None:
    """Part of the positive evidence that lies in the lung fields, 0 to 1.

    ``evidence`` is a map over the whole picture, (height, width) in logits. A cell that straddles
    the border counts by the part of it that is lung. None where nothing speaks for the finding.
    """
    part = interpolate(
        torch.from_numpy(lungs.mask)[None, None].double(), evidence.shape, mode="area"
    )[0, 0].numpy()
    positive = np.maximum(evidence, 0.0)
    total = float(positive.sum())
    return float((positive * part).sum() / total) if total > 0 else None
