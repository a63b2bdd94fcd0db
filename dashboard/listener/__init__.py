"""The sound panel: hear, see and search a recording, all in the browser, nothing fetched.

A slowed recording is not stretched: its pitch falls with its speed, so that a crackle keeps its
wave form, a loop repeats to the sample, and the cursor follows the clock of the audio.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.listener.payload import Chapter, EventSpans, Stretch, Told, pack

__all__ = ["Chapter", "EventSpans", "Stretch", "Told", "carry", "pack", "script", "show", "tell"]

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


def show(recording_id: str, *, key: str) -> None:
    """Mount the panel of a recording that :func:`carry` sends; its words come by :func:`tell`."""
    _panel()(key=key, data={"recording_id": recording_id})


def _hidden(name: str, script: str) -> Any:
    js = (HERE / script).read_text(encoding="utf-8")
    return st.components.v2.component(name, html="<span hidden></span>", js=js)


@cache
def _recording() -> Any:
    return _hidden("mmbm_recording", "recording.js")


def carry(payload: bytes, *, key: str) -> None:
    """Send a packed recording to the page, once; it stays while this is drawn. Takes no room."""
    _recording()(key=key, data=payload, height=1)


@cache
def _told() -> Any:
    return _hidden("mmbm_told", "told.js")


def tell(told: Told, *, key: str) -> None:
    """Send what is said of a recording to its panel, and keep what is set in it; takes no room."""
    _told()(key=key, data=told.plain(), height=1)
