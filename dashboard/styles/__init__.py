"""The style sheets, as one element of the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["stylesheet"]

SHEETS = ("streamlit", "frame", "html", "review", "pages", "desk", "narrow")  # later ones win


@cache
def stylesheet() -> str:
    """All sheets in their order, as a ``style`` element."""
    # Within "body" they win over Streamlit's own, which are written after those of the document.
    return f"<style>{_read('tokens')}body {{\n{''.join(map(_read, SHEETS))}}}</style>"


def _read(name: str) -> str:
    return Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
