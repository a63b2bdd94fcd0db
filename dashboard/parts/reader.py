"""Who reads, and whose case it is: what the store asks beside the answers."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.server import settings
from dashboard.text import Texts

__all__ = ["refusals", "who", "whose"]

NAME = "reader-name"


def who(say: Texts) -> None:
    """The reader's name: by the login, or asked for once and kept while the page is open."""
    name = state.reader()
    if not name:
        st.text_input(
            say("reader.ask"),
            key=NAME,
            on_change=state.take_reader,
            args=(NAME,),
            max_chars=200,
            help=say("reader.help"),
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="reader"):
        st.html(f'<div class="small">{escape(say("reader.is", name=name))}</div>', width="content")
        if not settings.login_is_set_up():
            st.button(
                say("reader.change"),
                key="reader-change",
                type="tertiary",
                on_click=state.forget_reader,
            )


def whose(say: Texts) -> None:
    """Patient and date of a case that is not kept yet, at first as the X-ray's header says."""
    image = state.case().image
    patient = "" if image is None else image.patient.identifier
    taken = None if image is None else image.study.taken
    left, right = st.columns([3, 2], gap="small")
    with left:
        st.text_input(say("keep.patient"), **state.drafted("patient", patient), max_chars=200)
    with right:
        st.date_input(say("keep.taken"), format="YYYY-MM-DD", **state.drafted("taken", taken))


def refusals(say: Texts) -> None:
    """What the store refused in the last act."""
    said = state.refused()
    if said is not None:
        st.error(verbatim(say.of(said)))
