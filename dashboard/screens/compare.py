"""Compare: two evaluation records, or several models' scores of the same cases."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.foreign import verbatim
from dashboard.parts.paired import paired
from dashboard.parts.records import records
from dashboard.text import Texts
from mmbm.errors import MMBMError

KINDS = ("records", "scores")


def kind(say: Texts) -> str:
    """What is compared; the page's address keeps it."""
    state.begin_with("compare-kind", state.remembered("compare-kind", KINDS))
    chosen = st.segmented_control(
        say("compare.kind"),
        KINDS,
        format_func=lambda name: say(f"compare.kind.{name}"),
        key="compare-kind",
        label_visibility="collapsed",
        required=True,
    )
    state.remember("compare-kind", chosen or KINDS[0])
    return chosen or KINDS[0]


say = state.say()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    head = st.empty()
    head.header(say("compare.title"), anchor=False)
    chosen = kind(say)
try:
    if chosen == "records":
        records(head, say)
    else:
        head.header(say("paired.title"), anchor=False)
        paired(say)
except MMBMError as refusal:
    st.error(verbatim(say("compare.refused", reason=say.of(refusal))))
