"""About: what it is for and not for, how to read it, what was validated, what is kept."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.parts.about import privacy, reading, use, validated
from dashboard.parts.tabs import open_tab

TABS = {"use": use, "read": reading, "validated": validated, "privacy": privacy}

say = state.say()
st.header(say("about.title"), anchor=False)
name, tab = open_tab("about", {n: say(f"about.tab.{n}") for n in TABS}, say)
with tab:
    TABS[name](say)
