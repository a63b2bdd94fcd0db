"""The style sheets, as one element of the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["stylesheet"]

SHEETS = ("tokens", "streamlit", "frame", "html", "review", "pages", "narrow")  # later ones win


@cache
def stylesheet() -> str:
    """All sheets in their order, as a ``style`` element."""
    here = Path(__file__).parent
    sheets = [here / f"{name}.css" for name in SHEETS]
    return f"<style>{''.join(sheet.read_text(encoding='utf-8') for sheet in sheets)}</style>"
