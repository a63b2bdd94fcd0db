"""Team: readers, model and both together; disputes to learn from; decided cases as a manifest."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.foreign import verbatim
from dashboard.parts.reader import refusals
from dashboard.parts.tabs import open_tab
from dashboard.parts.teaching import teaching
from dashboard.parts.team import export, figures
from mmbm.errors import MMBMError

TABS = {"figures": figures, "teaching": teaching, "export": export}

say = state.say()
if state.goes_to_review():
    st.switch_page("screens/review.py", query_params=state.review_address())
st.header(say("team.title"), anchor=False)
try:
    refusals(say)
    name, tab = open_tab("team", {n: say(f"team.tab.{n}") for n in TABS}, say)
    with tab:
        TABS[name](say)
except MMBMError as refusal:
    st.error(verbatim(say.of(refusal)))
