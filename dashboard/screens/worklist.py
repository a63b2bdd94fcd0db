"""Worklist: the cases of the store, what needs eyes first; a click opens one in Review."""

from __future__ import annotations

import streamlit as st

from dashboard import models, state, stored
from dashboard.foreign import escape, verbatim
from dashboard.parts.archive import archive
from dashboard.parts.bulk import acts
from dashboard.parts.reader import refusals, who
from dashboard.parts.worklist import ask, filters, pages, table
from dashboard.text import Texts
from mmbm.errors import MMBMError


def findings() -> tuple[str, ...]:
    """What the model scores; none where it could not be loaded, which Review says."""
    try:
        return tuple(models.predictor().config.findings)
    except MMBMError:
        return ()


def page(say: Texts) -> None:
    """Filters, acts, the table and the way to its other pages."""
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="medium"):
        st.header(say("worklist.title"), anchor=False, width="content")
        if stored.decides_first():
            with st.container(width="content"):
                who(say)
    if stored.decides_first():
        st.html(f'<div class="small">{escape(say("worklist.first"))}</div>')
    refusals(say)
    archive(say)
    counts = stored.store().counts()
    filters(findings(), counts, say)
    acts(counts["unscored"], say)
    found = stored.store().worklist(ask())
    with st.container(key="worklist"):
        table(found, say)
    pages(found, say)


say = state.say()
if state.goes_to_review():
    st.switch_page("screens/review.py", query_params=state.review_address())
try:
    page(say)
except MMBMError as refusal:
    st.error(verbatim(say.of(refusal)))
