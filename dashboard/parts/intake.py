"""The intake: a place for each of a case's parts, each with what was read or why it was not."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any

import streamlit as st

from dashboard import given, state
from dashboard.dictated import is_on
from dashboard.foreign import escape, verbatim
from dashboard.parts.dictate import dictate
from dashboard.text import Texts
from mmbm.branches.registry import branch_of
from mmbm.case import MODALITIES, SAMPLE_RATE, Modality, Notes, Picture, Sound
from mmbm.text import Sentence

__all__ = ["facts", "intake"]


def intake(say: Texts) -> None:
    """Draw the intake and read what is waiting."""
    another = json.dumps(say("intake.another"), ensure_ascii=False)
    folded = "unfolded" if state.unfolded() else "folded"
    begun = any(part.given for part in state.parts().values())
    # The style sheet folds the places: they stay where they are, and so do files on their way.
    root = f":root {{ --another-file: {another}; --places: {len(state.parts())}; }}"
    st.html(f'<span class="{folded}"></span><style>{root}</style>')
    with st.container(key="intake-row", horizontal=True, vertical_alignment="top", gap="small"):
        for modality in state.parts():
            with st.container(border=True, gap="xsmall", key=f"place-{modality}"):
                place(modality, say)
        with st.container(key="intake-acts", width="content", gap="xsmall", horizontal=True):
            if begun:
                key = "intake.fold" if state.unfolded() else "intake.unfold"
                st.button(say(key), on_click=state.unfold, key="unfold", width="content")
                st.button(
                    say("intake.new"), on_click=state.new_case, key="new-case", width="content"
                )


def title(modality: Modality, say: Texts) -> str:
    """What the part is called above its widgets."""
    if modality in MODALITIES:
        return say(f"intake.{modality}.title")
    return say.name("modality", modality)


def place(modality: Modality, say: Texts) -> None:
    """One modality: its widgets, then what was read, or one sentence why not."""
    part, name = state.parts()[modality], say.name("modality", modality)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=f"head-{modality}"
    ):
        st.subheader(verbatim(title(modality, say)), anchor=False, width="stretch")
        if part.given:
            remover(modality, say)
    widgets(modality, say)
    with st.container(key=f"read-{modality}"):
        # What was read goes with the part, not at the end of the run, and what stays is drawn over
        # itself: an empty place first would let it flash.
        held = part.offer is None and (part.error or part.value is not None)
        slot = st.container() if held else st.empty()
        if part.offer is not None:
            with slot.container(), st.spinner(say("intake.reading", part=name)):
                state.given().read(modality)
            part = state.parts()[modality]
        if part.error is not None or part.value is not None:
            with slot if held else slot.container():
                outcome(part, name, say)


def outcome(part: given.Part, name: str, say: Texts) -> None:
    """What the part holds, and why the last file for it is not in it."""
    if part.error is not None:
        st.error(verbatim(refusal(part, part.error, name, say)))
    if part.value is not None:
        summary(part, say)


def refusal(part: given.Part, reason: Sentence, name: str, say: Texts) -> str:
    """Why the last file is not in the case, and what is there instead."""
    said = say("intake.failed", part=name, reason=say.of(reason))
    if part.value is None:
        return said
    return f"{said} {say('intake.kept', part=name)}"


def widgets(modality: Modality, say: Texts) -> None:
    """The ways to hand a part in; another file takes the place of the one before."""
    if modality not in MODALITIES:
        form(modality, say)
        return
    if modality == "image":
        uploader(modality, say)
        return
    if modality == "notes":
        notes(say)
        return
    tabs = st.tabs([say("intake.upload"), say("intake.record")])
    with tabs[0]:
        uploader(modality, say)
    with tabs[1]:
        recorder(say)


def notes(say: Texts) -> None:
    """Three ways to give the notes, two where there is no model for dictation."""
    opened = "intake.type" if state.given().typed is not None else "intake.upload"
    if not is_on():
        first, second = st.tabs([say("intake.upload"), say("intake.type")], default=say(opened))
    else:
        opened = "intake.dictate" if state.dictated().begun else opened
        first, second, third = st.tabs(
            [say("intake.upload"), say("intake.type"), say("intake.dictate")], default=say(opened)
        )
        with third:
            dictate(say)
    with first:
        uploader("notes", say)
    with second:
        typing(say)


def form(modality: Modality, say: Texts) -> None:
    """A number input for each of a modality's fields; what is left empty is missing."""
    at, fields = state.fields_place(modality), branch_of(modality).fields
    names = tuple(field.name for field in fields)
    for place, field in zip(cycle(st.columns(2, gap="small")), fields, strict=False):
        with place:
            st.number_input(
                verbatim(f"{field.label} ({field.unit})"),
                min_value=field.low,
                max_value=field.high,
                value=None,
                step=field.step,
                format="%g",
                key=f"{at.key}-{field.name}",
                on_change=state.take_fields,
                args=(at, names),
            )


def uploader(modality: Modality, say: Texts) -> None:
    """Takes any file: several at once go each to the part that it is."""
    at = state.place(modality, "upload")
    st.file_uploader(
        say(f"intake.{modality}.label"),
        type=None,  # hospital exports often have no suffix
        accept_multiple_files=True,
        key=at.key,
        on_change=state.take_files,
        args=(at,),
    )


def typing(say: Texts) -> None:
    at = state.text_box()
    st.text_area(
        say("intake.notes.typed"),
        key=at.key,
        height=130,
        placeholder=say("intake.notes.placeholder"),
        help=None if is_on() else say("dictate.how"),
        on_change=state.take_text,
        args=(at,),
    )


def recorder(say: Texts) -> None:
    at = state.place("audio", "record")
    st.audio_input(
        say("intake.audio.record"),
        sample_rate=SAMPLE_RATE,  # another than dictation's: see dashboard.dictated
        key=at.key,
        on_change=state.take_files,
        args=(at,),
    )


def remover(modality: Modality, say: Texts) -> None:
    st.button(
        say("intake.remove"),
        key=f"remove-{modality}",
        type="tertiary",
        on_click=state.remove,
        args=(modality,),
        width="content",
    )


def summary(part: given.Part, say: Texts) -> None:
    """What was read, in small text, with its warnings; the frame picker of a longer file."""
    value = part.value
    if value is None:
        return
    if isinstance(value, Picture) and value.frames > 1:
        at = state.place("image", "frame")
        st.number_input(
            say("intake.frame", frames=value.frames),
            min_value=1,
            max_value=value.frames,
            value=value.frame + 1,
            key=at.key,
            on_change=state.take_frame,
            args=(at,),
        )
    lines = [f"<b>{escape(part.name)}</b>"] if part.name else []
    lines.append(escape(" · ".join(facts(value, say))))
    told = [part.name, *facts(value, say)]
    lines += [
        f'<span class="caution repeated">{escape(say.of(warning))}</span>'  # above the answers too
        for warning in value.warnings
    ]
    if part.passed_over:
        line = say("intake.passed_over", count=part.passed_over + 1)
        lines.append(f'<span class="caution">{escape(line)}</span>')
    title = escape(" · ".join(word for word in told if word))
    st.html(f'<div class="facts" title="{title}">{"<br>".join(lines)}</div>')


def facts(value: Any, say: Texts) -> list[str]:
    """What a reader would check first of a part."""
    if not isinstance(value, Picture | Notes | Sound):
        return []
    if isinstance(value, Notes):
        by_hand = value.file_format in ("typed", "dictated")
        kind = say(f"facts.{value.file_format}") if by_hand else value.file_format.upper()
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
        numbers = {"center": f"{first.center:g}", "width": f"{first.width:g}"}
        own = say(f"facts.window.{first.name}") if not first.of_file else ""
        found.append(own or say("facts.window", **numbers))
    if value.frames > 1:
        found.append(say("facts.frame", frame=value.frame + 1, frames=value.frames))
    found += [say("facts.bits", bits=value.bits_stored), value.transfer_syntax]
    return [fact for fact in found if fact]
