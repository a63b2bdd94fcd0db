"""After a part or a case is gone, one more message from the browser.

The server holds on to the last message it got, and that one still names the files: it is the click
that took them out.
"""

from __future__ import annotations

import streamlit as st

from dashboard import state

__all__ = ["sweep"]

SOON = 1.5  # seconds after the page was drawn without them


def sweep() -> None:
    """Ask for that message where it is due; drawn last on the page."""
    if state.to_sweep():
        _again()


@st.fragment(run_every=SOON)
def _again() -> None:
    if state.swept():
        st.rerun()
