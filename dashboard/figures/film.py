"""A film with marked regions, and its shares in tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dashboard.colours import RAISES
from mmbm.branches.parts import Box

__all__ = ["block_sums", "marked_film"]

SIDE = 420  # pixels, of the longer side


def marked_film(shown: NDArray[np.float32], regions: Sequence[Box]) -> NDArray[np.uint8]:
    """(height, width) in [0, 1] -> a small picture with these regions outlined, (h, w, 3)."""
    grey = Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))
    grey.thumbnail((SIDE, SIDE))
    film = grey.convert("RGB")
    draw = ImageDraw.Draw(film)
    wide, high = film.width - 1, film.height - 1
    for box in regions:
        corners = (box.left * wide, box.top * high, box.right * wide, box.bottom * high)
        draw.rectangle(corners, outline=RAISES, width=2)
    return np.asarray(film)


def block_sums(share: NDArray[np.floating], blocks: int) -> NDArray[np.float64]:
    """(height, width) shares summed in about ``blocks`` x ``blocks`` tiles; the total is kept."""
    edges = [np.linspace(0, side, min(blocks, side) + 1).astype(int)[:-1] for side in share.shape]
    rows = np.add.reduceat(np.asarray(share, dtype=np.float64), edges[0], axis=0)
    return np.add.reduceat(rows, edges[1], axis=1)
