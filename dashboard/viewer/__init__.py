"""The picture viewer: window, zoom and evidence map, all in the browser, nothing fetched."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.viewer.payload import OWN_WINDOWS, Film, develop, pack, pack_overlay, presets

__all__ = ["OWN_WINDOWS", "Film", "develop", "overlay", "pack", "pack_overlay", "presets", "show"]


@cache
def _component() -> Any:
    here = Path(__file__).parent
    return st.components.v2.component(
        "mmbm_viewer",
        html=(here / "viewer.html").read_text(encoding="utf-8"),
        css=(here / "viewer.css").read_text(encoding="utf-8"),
        js=(here / "viewer.js").read_text(encoding="utf-8"),
    )


def show(payload: bytes, *, key: str) -> None:
    """Mount the viewer; the same key keeps its zoom and window over reruns."""
    _component()(key=key, data=payload)


@cache
def _overlay() -> Any:
    script = Path(__file__).with_name("overlay.js").read_text(encoding="utf-8")
    return st.components.v2.component("mmbm_overlay", html="<span hidden></span>", js=script)


def overlay(payload: bytes, *, key: str) -> None:
    """Send a map to the viewer that its payload names; takes no room on the page."""
    _overlay()(key=key, data=payload, height=1)
