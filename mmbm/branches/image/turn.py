"""By how much a film lies turned in its picture, seen from the edges of what surrounds it.

A photograph or a scan of a film that lies askew shows the table, or nothing, in all four corners,
and the film's four edges all lean by one angle. The edges are where that grey ends, seen from each
side; the angle is the one at which most of them lie on one line a side.

Source: Hough, Method and means for recognizing complex patterns, US 3,069,654, 1962.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.text import Sentence, sentence

__all__ = ["turn_of", "turn_warnings"]

ALIKE = (0.003, 0.012, 0.05)  # of the range of greys: how far surroundings are from their middle
SIDE = 256  # pixels; a larger picture is looked at in steps
ANGLES = np.arange(-15.0, 15.5, 0.5)  # degrees
LEAST = 2.5  # degrees; what is turned by less is as straight as films are
ON_LINES = 0.6  # of the edges' pixels
SEEN = 0.12  # of a side, how much of it must be on the line, on three of four sides


def turn_of(picture: NDArray[np.float32]) -> float:
    """Degrees anticlockwise, 0 where nothing says that the film is turned.

    ``picture`` is (height, width) in [0, 1].
    """
    step = max(1, -(-max(picture.shape) // SIDE))
    seen = picture[::step, ::step]
    return next((angle for alike in ALIKE if (angle := _turn(seen, alike))), 0.0)


def turn_warnings(picture: NDArray[np.float32]) -> tuple[Sentence, ...]:
    """What the reader should know of how a film lies in its picture, (height, width) in [0, 1]."""
    angle = turn_of(picture)
    if not angle:
        return ()
    return (sentence("image.turned", degrees=abs(angle)),)


def _turn(seen: NDArray[np.float32], alike: float) -> float:
    corners = [part[:3, :3] for part in (seen, seen[::-1], seen[:, ::-1], seen[::-1, ::-1])]
    middles = [float(np.median(corner)) for corner in corners]
    if max(middles) - min(middles) > alike:
        return 0.0
    around = np.abs(seen - np.median(middles)) <= alike
    on_lines, points, sides = np.zeros(len(ANGLES)), 0, np.zeros((4, len(ANGLES)))
    # from above, below, left and right, where one turn leans this way or the other
    views = (around, around[::-1], around.T, around[:, ::-1].T)
    for side, (view, lean) in enumerate(zip(views, (-1, 1, 1, -1), strict=True)):
        depth = np.argmin(view, axis=0)  # of the surroundings, pixels
        at = np.flatnonzero((depth > 0) & (depth < len(view) // 2))
        if not len(at):
            continue
        height = depth[at, None] - lean * at[:, None] * np.tan(np.radians(ANGLES))
        height = (height - height.min()).round().astype(np.int64)
        rows = int(height.max()) + 2
        held = np.bincount(
            (height + rows * np.arange(len(ANGLES))).ravel(), minlength=rows * len(ANGLES)
        )
        held = held.reshape(len(ANGLES), rows)  # of each angle, how many points lie at each height
        sides[side] = (held[:, :-1] + held[:, 1:]).max(axis=1)
        on_lines += sides[side]
        points += len(at)
        sides[side] /= len(depth)
    best = int(on_lines.argmax())
    angle = float(ANGLES[best])
    if abs(angle) < LEAST or on_lines[best] < ON_LINES * points:
        return 0.0
    return angle if (sides[:, best] > SEEN).sum() >= 3 else 0.0
