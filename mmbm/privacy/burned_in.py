"""A hint from the pixels that text is burned in near the picture's edge.

Letters are small, alike in height and stand on one line. What is lighter or darker than all around
it, within the width of a stroke, is taken apart into pieces; five of them in a row are a hint.
It reads nothing, and says nothing of letters across the middle, of handwriting or of single signs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["burned_in"]

SIDE = 1024  # pixels of the longer side that is looked at
STROKE = 13  # pixels; a wider bright or dark thing is no stroke of a letter
CONTRASTS = (0.2, 0.35)  # of a stroke and what is around it; a dark rim needs the higher
LETTERS = 5  # in a row
HEIGHT = (6, 40)  # pixels of a letter
BORDER = 0.25  # of the picture's sides
MOST_PIECES = 5000  # of a noisy film, on which nothing could be told
MOST_LETTERS = 1000


class _Box(NamedTuple):
    """Where a piece stands, in pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def burned_in(shown: NDArray[np.float32]) -> bool:
    """Whether something like a line of five letters or more stands near the edge.

    ``shown``: (height, width) in [0, 1], as the film is shown.
    """
    grey = _small(shown)
    return any(
        _longest(_letters(side, contrast)) >= LETTERS
        for side in (grey, 1 - grey)
        for contrast in CONTRASTS
    )


def _small(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    from PIL import Image

    height, width = shown.shape
    scale = SIDE / max(height, width)
    if scale >= 1:
        return shown
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller = Image.fromarray(shown).resize(size, Image.Resampling.LANCZOS)
    return np.clip(np.asarray(smaller, np.float32), 0, 1)


def _letters(grey: NDArray[np.float32], contrast: float) -> list[_Box]:
    """What may be a light letter near the edge, from left to right."""
    from scipy import ndimage

    strokes = ndimage.white_tophat(grey, size=(STROKE, STROKE)) > contrast
    pieces, count = ndimage.label(strokes, np.ones((3, 3)))
    if not 0 < count <= MOST_PIECES:
        return []
    areas = ndimage.sum_labels(strokes, pieces, range(1, count + 1))
    found = []
    for area, (rows, columns) in zip(areas, ndimage.find_objects(pieces), strict=True):
        box = _Box(rows.start, rows.stop, columns.start, columns.stop)
        width = box.right - box.left
        whole = box.height * width
        like = HEIGHT[0] <= box.height <= HEIGHT[1] and width <= 1.6 * box.height and whole >= 16
        if like and area >= 0.12 * whole and _near_edge(box, grey.shape):
            found.append(box)
    return sorted(found, key=lambda box: box.left)[:MOST_LETTERS]


def _near_edge(box: _Box, shape: tuple[int, ...]) -> bool:
    y, x = (box.top + box.bottom) / 2 / shape[0], (box.left + box.right) / 2 / shape[1]
    return min(y, 1 - y, x, 1 - x) < BORDER


def _longest(letters: list[_Box]) -> int:
    """How many stand in the longest row: on one line, alike in height, close together."""
    longest = 0
    for start, first in enumerate(letters):
        count, last = 1, first
        for box in letters[start + 1 :]:
            gap = box.left - last.right
            if gap > 60:
                break
            apart = gap > 1.2 * last.height or gap < -1
            level = abs(box.bottom - last.bottom) <= 0.25 * last.height
            if not apart and level and 0.65 < box.height / last.height < 1.54:
                count, last = count + 1, box
        longest = max(longest, count)
    return longest
