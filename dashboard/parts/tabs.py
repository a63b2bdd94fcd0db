"""A page's tabs, of which only the open one is computed and sent."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.foreign import verbatim
from dashboard.text import Texts

__all__ = ["open_tab"]


def open_tab(page: str, titles: Mapping[str, str], say: Texts) -> tuple[str, DeltaGenerator]:
    """The name of the open tab and its container; the page's address keeps which it is.

    ``titles`` is what each tab is called, by its name.
    """
    # Each language has tabs of its own, since Streamlit knows a tab by its title alone.
    key = f"{page}-tab-{say.language}"
    names = list(titles)
    state.begin_with(key, verbatim(titles[state.remembered(f"{page}-tab", names)]))
    tabs = st.tabs([verbatim(title) for title in titles.values()], key=key, on_change="rerun")
    found = next((at for at, tab in enumerate(tabs) if tab.open), 0)
    state.remember(f"{page}-tab", names[found])
    return names[found], tabs[found]
