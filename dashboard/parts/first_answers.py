"""Decide first: the reader's own answers, asked for before the model is run on the case."""

from __future__ import annotations

import streamlit as st

from dashboard import decisions, keeping, state
from dashboard.foreign import escape, verbatim
from dashboard.parts.reader import who, whose
from dashboard.text import Texts
from mmbm.case import Case
from mmbm.reading import LONGEST_TEXT

__all__ = ["answer_picker", "first_answers"]


def first_answers(case: Case, findings: tuple[str, ...], say: Texts) -> None:
    """One answer for each finding, then the button that fixes them."""
    with st.container(key="first"):
        st.subheader(say("first.title"), anchor=False)
        st.html(f'<div class="small">{escape(say("first.why"))}</div>')
        who(say)
        if state.stored_case() is None:
            whose(say)
        with st.container(key="first-answers", gap=None):
            for finding in findings:
                answer_picker(f"first-{finding}", finding, None, say)
        st.text_area(
            say("decision.comment"),
            height=80,
            max_chars=LONGEST_TEXT,
            **state.drafted("comment", ""),
        )
        lacks = lacking(findings, say)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                say("first.lock"),
                key="first-lock",
                type="primary",
                disabled=bool(lacks),
                on_click=keeping.lock,
                args=(case, findings),
            )
            st.html(f'<div class="small">{escape(lacks or say("first.fixed"))}</div>')


def lacking(findings: tuple[str, ...], say: Texts) -> str:
    """What has to be given before the answers can be fixed; "" for nothing."""
    if not state.may("decide"):
        return say("reader.looks")
    if not state.reader():
        return say("decision.no_reader")
    if any(state.written(f"first-{finding}") is None for finding in findings):
        return say("first.unanswered")
    return ""


def answer_picker(name: str, finding: str, first: str | None, say: Texts) -> str | None:
    """Yes, no or not sure to a finding, with its name before it; None where nothing is chosen."""
    title = say.name("finding", finding)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"ask-{name}"):
        st.html(f'<div class="asked">{escape(title)}</div>', width="stretch")
        chosen: str | None = st.segmented_control(
            verbatim(title),
            list(decisions.ANSWERS),
            format_func=lambda said: say(f"findings.answer.{said.replace(' ', '_')}"),
            label_visibility="collapsed",
            width="content",
            **state.drafted(name, first),
        )
    return chosen
