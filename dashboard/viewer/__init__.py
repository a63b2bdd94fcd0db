"""The picture viewer: window, zoom, measurements and evidence map, all in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.viewer.film import OWN_WINDOWS, Film, develop, presets
from dashboard.viewer.payload import pack, pack_overlay
from mmbm.reading import Mark

__all__ = [
    "OWN_WINDOWS",
    "Film",
    "carry_marks",
    "develop",
    "overlay",
    "pack",
    "pack_overlay",
    "presets",
    "script",
    "show",
]

HERE = Path(__file__).parent
MODULES = (  # each imports from those before it only
    "payload", "frames", "transform", "greys", "levels", "link", "software", "webgl", "map",
    "markers", "marks", "drawing", "drawn", "keys", "panel", "scene", "measuring", "editing",
    "crosshair", "pointer", "binding", "acts", "viewer",
)  # fmt: skip
IMPORT = re.compile(r"^import\s[^;]*;\n", re.MULTILINE)


@cache
def script() -> str:
    """The modules as the one that a component takes; what they export stays exported."""
    read = ((HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in MODULES)
    return "\n".join(IMPORT.sub("", text) for text in read)


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mmbm_viewer",
        html=(HERE / "viewer.html").read_text(encoding="utf-8"),
        css=(HERE / "viewer.css").read_text(encoding="utf-8"),
        js=script(),
    )


def show(payload: bytes, *, key: str, on_step: Callable[[], None] | None = None) -> None:
    """Mount the viewer; the same key keeps its zoom and window over reruns.

    Where the reader steps to another frame, ``step`` of the widget's state at ``key`` says which:
    {epoch, frame, turn}, unchecked; epoch is the ``series`` of the payload.
    """
    _component()(key=key, data=payload, on_step_change=on_step or _nothing)


def _nothing() -> None:
    """A viewer of one frame has no steps."""


@cache
def _overlay() -> Any:
    return st.components.v2.component(
        "mmbm_overlay",
        html="<span hidden></span>",
        js=(HERE / "overlay.js").read_text(encoding="utf-8"),
    )


def overlay(payload: bytes, *, key: str) -> None:
    """Send a map to the viewer that its payload names; takes no room on the page."""
    _overlay()(key=key, data=payload, height=1)


@cache
def _carrier() -> Any:
    return st.components.v2.component(
        "mmbm_marks",
        html="<span hidden></span>",
        js=(HERE / "carrier.js").read_text(encoding="utf-8"),
    )


def carry_marks(
    marks: Sequence[Mark], *, name: str, epoch: str, key: str, on_change: Callable[[], None]
) -> None:
    """Give the viewer of this name its marks, and call back with what the reader changes.

    The browser's marks stay where ``epoch`` is the same; another one brings these. What the
    reader changed is in the widget's state at ``key`` as ``drawn``: {epoch, marks}, unchecked.
    """
    data = {"name": name, "epoch": epoch, "marks": [mark.model_dump() for mark in marks]}
    _carrier()(key=key, data=data, height=1, on_drawn_change=on_change)
