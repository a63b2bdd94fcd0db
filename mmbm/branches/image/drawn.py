"""A film with its evidence map as one picture, for a report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["LOWERS", "RAISES", "drawn"]

SIDE = 1200  # pixels, at most, of the longer side
RAISES, LOWERS = (230, 97, 0), (26, 133, 255)  # as the viewer draws them
STRONGEST = 0.6  # opacity of a share in full colour


def drawn(
    shown: NDArray[np.float32], shares: NDArray[np.floating] | None, scale: float
) -> NDArray[np.uint8]:
    """(height, width) in [0, 1], with shares in logits laid on it -> (h, w, 3).

    Orange raises the finding, blue lowers it; ``scale`` is the share in full colour.
    """
    grey = Image.fromarray((np.clip(shown, 0, 1) * 255).round().astype(np.uint8))
    grey.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    film = np.asarray(grey.convert("RGB"))
    if shares is None or scale <= 0:
        return film
    laid = Image.fromarray(np.asarray(shares / scale, np.float32))
    strength = np.asarray(laid.resize(grey.size, Image.Resampling.BILINEAR)).clip(-1, 1)[..., None]
    colour = np.where(strength >= 0, np.array(RAISES), np.array(LOWERS))
    opacity = np.abs(strength) * STRONGEST
    return np.asarray((film * (1 - opacity) + colour * opacity).round(), np.uint8)
