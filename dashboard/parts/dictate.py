"""A note by voice: recorded, heard, corrected; it counts only once its reader uses it."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from dashboard import dictated, state
from dashboard.foreign import verbatim
from dashboard.given import Place
from dashboard.parts.running import progress
from dashboard.text import Texts

__all__ = ["dictate"]


def dictate(say: Texts) -> None:
    """The recorder, how far a recording is heard, and the text for correction."""
    with st.container(key="dictate", gap="xsmall"):
        refused = dictated.refusal()
        if refused is not None:
            st.error(verbatim(say.of(refused)))
            return
        recorder(say)
        mine = state.dictated()
        job = mine.look()
        if job is not None:
            progress(job, "stop-dictation", lambda done: (say("dictate.hearing"), done), say)
        if mine.error is not None:
            st.error(verbatim(say.of(mine.error)))
        if mine.text is not None:
            correction(mine, job is not None, say)


def recorder(say: Texts) -> None:
    """Which language is spoken, and the recorder."""
    at = state.dictation_place()
    with st.container(key="dictate-record", horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            say("dictate.language"),
            list(state.SPOKEN),
            default=state.spoken_language(),
            format_func=lambda name: say(f"dictate.language.{name}"),
            key=state.SPOKEN_KEY,
            on_change=state.take_spoken,
            label_visibility="collapsed",
            required=True,
            width="content",
        )
        st.audio_input(
            say("dictate.record"),
            sample_rate=dictated.RATE,
            key=at.key,
            on_change=state.take_recording,
            args=(at,),
            label_visibility="collapsed",
        )


def correction(mine: dictated.Dictated, busy: bool, say: Texts) -> None:
    """The text, to be corrected, and what becomes of it."""
    at = state.dictation_place()
    language = "en" if mine.heard is None else mine.heard.language
    st.text_area(
        say(f"dictate.heard.{language}"),
        key=state.dictated_box(),
        height=118,
        disabled=busy,
        on_change=state.correct_dictated,
        args=(at,),
    )
    with st.container(key="dictate-acts", horizontal=True, gap="xsmall"):
        if state.parts()["notes"].value is None:
            use(at, "replace", say("dictate.use"), busy)
        else:
            use(at, "add", say("dictate.add"), busy)
            use(at, "replace", say("dictate.replace"), busy)
        st.button(
            say("dictate.discard"),
            key="dictate-discard",
            type="tertiary",
            on_click=state.discard_dictated,
            args=(at,),
            width="content",
        )


def use(at: Place, how: Literal["add", "replace"], label: str, busy: bool) -> None:
    """A button that takes the text into the case."""
    st.button(
        verbatim(label),
        key=f"dictate-{how}",
        disabled=busy,
        on_click=state.use_dictated,
        args=(at, how),
        width="content",
    )
