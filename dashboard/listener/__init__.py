"""The sound panel: hear, see and search a recording, all in the browser, nothing fetched.

A slowed recording is not stretched: its pitch falls with its speed, so that a crackle keeps its
wave form, a loop repeats to the sample, and the cursor follows the clock of the audio.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.listener.payload import Chapter, Told, pack

__all__ = ["Chapter", "Told", "pack", "script", "show", "tell"]

HERE = Path(__file__).parent
MODULES = ("player", "spectrum", "panel", "acts", "mount")  # one script in the page


@cache
def script() -> str:
    """The panel's modules as one."""
    return "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in MODULES)


@cache
def _panel() -> Any:
    return st.components.v2.component(
        "mmbm_listener",
        html=(HERE / "panel.html").read_text(encoding="utf-8"),
        css=(HERE / "panel.css").read_text(encoding="utf-8"),
        js=script(),
    )


def show(payload: bytes, *, key: str) -> None:
    """Mount the panel with a recording; its words come by :func:`tell`."""
    _panel()(key=key, data=payload)


@cache
def _told() -> Any:
    told = (HERE / "told.js").read_text(encoding="utf-8")
    return st.components.v2.component("mmbm_told", html="<span hidden></span>", js=told)


def tell(told: Told, *, key: str) -> None:
    """Send what is said of a recording to its panel, and keep what is set in it; takes no room."""
    _told()(key=key, data=told.plain(), height=1)
