"""The page before there is a case: what to do, sample cases to open, and what stays private."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.samples import sample_files, sample_picture, samples
from dashboard.stored import store_is_on
from dashboard.text import Texts

__all__ = ["start"]


def start(say: Texts) -> None:
    """The sample cases as cards, each opened by one click."""
    with st.container(key="start"):
        st.subheader(say("start.samples"), anchor=False)
        st.html(f'<div class="small">{escape(say("start.samples_note"))}</div>')
        for place, name in zip(st.columns(max(1, len(samples()))), samples(), strict=False):
            with place:
                card(name, say)
        privacy = "start.privacy_store" if store_is_on() else "start.privacy"
        for line in ("start.guide", privacy):
            st.html(f'<div class="small">{escape(say(line))}</div>')


def card(name: str, say: Texts) -> None:
    """One sample: its chest X-ray, what it shows, and a button that opens it."""
    parts = say.listed(say.name("modality", m) for m in sample_files(name))
    with st.container(border=True, key=f"card-{name}", gap="xsmall"):
        st.html(
            f'<div class="card"><img src="{sample_picture(name)}" alt="">'
            f"<div><b>{escape(say(f'sample.{name}'))}</b>"
            f'<span class="small">{escape(say(f"sample.{name}.shows"))}</span>'
            f'<span class="small">{escape(parts)}</span></div></div>'
        )
        st.button(
            verbatim(say("start.open", name=say(f"sample.{name}"))),
            key=f"sample-{name}-{state.given().case}",
            on_click=state.choose_sample,
            args=(name, state.given().case),
        )
