"""The intake: three places for a case's parts, each with what was read or why it was not."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from dashboard import given, state
from dashboard.text import Texts
from mmbm.case import MODALITIES, Modality, Notes, Picture, Sound

__all__ = ["facts", "intake"]


def intake(say: Texts) -> None:
    """Draw the intake and read what is waiting."""
    with st.container(key="intake-top", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        names = given.samples()
        st.selectbox(
            say("intake.sample"),
            names,
            index=None,
            format_func=partial(say.name, "sample"),
            placeholder=say("intake.sample_pick"),
            key="sample",
            on_change=state.choose_sample,
            args=("sample",),
            disabled=not names,
        )
        st.button(say("intake.new"), on_click=state.forget, key="new-case", width="content")
    st.html(f'<div class="facts">{escape(say("intake.sample_note"))}</div>')
    for modality in MODALITIES:
        with st.container(border=True, gap="xsmall", key=f"place-{modality}"):
            place(modality, say)


def place(modality: Modality, say: Texts) -> None:
    """One modality: its widgets, then what was read, or one sentence why not."""
    part = state.parts()[modality]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.subheader(say(f"intake.{modality}.title"), anchor=False, width="stretch")
        if part.given:
            remover(modality, say)
    if part.pending:
        with st.spinner(say("intake.reading", part=say(f"modality.{modality}"))):
            part.read(modality)
    if part.value is None or part.typed is not None:
        widgets(modality, say)
    if part.error:
        name = say(f"modality.{modality}")
        st.error(say("intake.failed", part=name, reason=part.error))
    if part.value is not None:
        summary(part, say)


def widgets(modality: Modality, say: Texts) -> None:
    """The ways to hand a part in."""
    if modality == "image":
        uploader(modality, say)
        return
    hand = say("intake.type") if modality == "notes" else say("intake.record")
    typed = state.parts()[modality].typed is not None
    tabs = st.tabs([say("intake.upload"), hand], default=hand if typed else None)
    with tabs[0]:
        uploader(modality, say)
    with tabs[1]:
        typing(say) if modality == "notes" else recorder(say)


def uploader(modality: Modality, say: Texts) -> None:
    key = state.widget_key(modality, "upload")
    st.file_uploader(
        say(f"intake.{modality}.label"),
        type=None,  # hospital exports often have no suffix
        key=key,
        on_change=state.take_upload,
        args=(modality, key),
    )


def typing(say: Texts) -> None:
    key = state.typed_key()
    st.text_area(
        say("intake.notes.typed"),
        key=key,
        height=130,
        placeholder=say("intake.notes.placeholder"),
        on_change=state.take_text,
        args=(key,),
    )


def recorder(say: Texts) -> None:
    key = state.widget_key("audio", "record")
    st.audio_input(
        say("intake.audio.record"),
        key=key,
        on_change=state.take_upload,
        args=("audio", key),
    )


def remover(modality: Modality, say: Texts) -> None:
    st.button(
        say("intake.remove"),
        key=f"remove-{modality}",
        type="tertiary",
        on_click=state.clear,
        args=(modality,),
        width="content",
    )


def summary(part: given.Part, say: Texts) -> None:
    """What was read, in small text, with its warnings; the frame picker of a longer file."""
    value = part.value
    if value is None:
        return
    if isinstance(value, Picture) and value.frames > 1:
        key = state.widget_key("image", "frame")
        st.number_input(
            say("intake.frame", frames=value.frames),
            min_value=1,
            max_value=value.frames,
            value=value.frame + 1,
            key=key,
            on_change=state.take_frame,
            args=(key,),
        )
    lines = [f"<b>{escape(part.name)}</b>"] if part.name else []
    lines.append(escape(" · ".join(facts(value, say))))
    lines += [f'<span class="caution">{escape(w)}</span>' for w in value.warnings]
    st.html(f'<div class="facts">{"<br>".join(lines)}</div>')


def facts(value: Picture | Notes | Sound, say: Texts) -> list[str]:
    """What a reader would check first of a part."""
    if isinstance(value, Notes):
        kind = say("facts.typed") if value.file_format == "typed" else value.file_format.upper()
        found = [kind, say("facts.characters", count=f"{len(value.text):,}")]
        found += [say("facts.pages", count=value.pages)] if value.pages > 1 else []
        return [*found, say(f"facts.language.{value.language}")]
    if isinstance(value, Sound):
        container = " ".join(dict.fromkeys(n.upper() for n in (value.container, value.codec) if n))
        found = [container, say("facts.seconds", seconds=f"{value.seconds:.1f}")]
        found.append(say("facts.rate", rate=f"{value.original_rate / 1000:g}"))
        found += [say("facts.channels", count=value.channels)] if value.channels > 1 else []
        return found
    height, width = value.pixels.shape
    kind = " ".join(n for n in (value.dicom_modality, value.body_part, value.view) if n)
    found = [value.file_format, kind, say("facts.size", width=width, height=height)]
    if value.spacing_mm:
        found.append(say("facts.spacing", spacing=f"{value.spacing_mm[0]:.3g}"))
    if value.windows:
        first = value.windows[0]
        found.append(say("facts.window", center=f"{first.center:g}", width=f"{first.width:g}"))
    if value.frames > 1:
        found.append(say("facts.frame", frame=value.frame + 1, frames=value.frames))
    found += [say("facts.bits", bits=value.bits_stored), value.transfer_syntax]
    return [fact for fact in found if fact]
