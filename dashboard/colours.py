"""The few colours every screen shares; orange raises a finding, blue lowers it, safe for the
common colour blindnesses.
"""

from __future__ import annotations

__all__ = ["GREY", "INK", "LOWERS", "MUTED", "PRIMARY", "RAISES", "RULE", "rgb", "signed_colour"]

RAISES = "#E66100"
LOWERS = "#1A85FF"
INK = "#1F2A33"
MUTED = "#5B6873"
GREY = "#9AA7B1"
RULE = "#D9E0E5"
PRIMARY = "#0B6E99"


def rgb(colour: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def signed_colour(share: float, scale: float, *, strongest: float = 0.75) -> str:
    """A share as a CSS colour: the hue its sign, the opacity its size against ``scale``."""
    strength = min(1.0, abs(share) / scale) if scale > 0 else 0.0
    red, green, blue = rgb(RAISES if share >= 0 else LOWERS)
    return f"rgba({red},{green},{blue},{strength * strongest:.3f})"
