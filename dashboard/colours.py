"""The few colours every figure shares; orange raises a finding, blue lowers it, safe for the
common colour blindnesses.

Each stands out from the dark page and from the light one by 3 to 1 or more, as WCAG 2.2 asks of a
graphic (1.4.11). No colour does so by the 4.5 to 1 that text takes: text in a figure has none of
its own and follows the theme.
"""

from __future__ import annotations

__all__ = ["GREY", "LOWERS", "PRIMARY", "RAISES", "SERIES", "rgb", "signed_colour"]

RAISES = "#E66100"
LOWERS = "#1A85FF"
PRIMARY = "#2487B8"
GREY = "#788691"

# By Okabe and Ito, told apart with any of the common colour blindnesses.
SERIES = (PRIMARY, "#D55E00", "#0A8F6A", "#B8649A", "#96780F", "#4E79E6", GREY)


def rgb(colour: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def signed_colour(share: float, scale: float, *, strongest: float = 0.75) -> str:
    """A share as a CSS colour: the hue its sign, the opacity its size against ``scale``."""
    strength = min(1.0, abs(share) / scale) if scale > 0 else 0.0
    red, green, blue = rgb(RAISES if share >= 0 else LOWERS)
    return f"rgba({red},{green},{blue},{strength * strongest:.3f})"
