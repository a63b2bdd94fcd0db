"""The questions of a what-if, as widgets; each adds to ``said`` what it asks, in words."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import models, state
from dashboard.figures.film import marked_film
from dashboard.foreign import escape, verbatim
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.audio.edits import SHORTEST, cut
from mmbm.branches.image.edits import erase, keep
from mmbm.branches.parts import Box, Span
from mmbm.case import Modality, Notes, Picture, Sound
from mmbm.model.checkpoint import find, shipped

__all__ = ["edit", "move", "mute", "other_model", "region", "shorten", "weight_of"]


def mute(seen: Review, said: list[str], say: Texts) -> list[Modality]:
    """Which parts to hear nothing of."""
    silent = st.pills(
        say("whatif.mute"),
        list(seen.analysis.prediction.present),
        selection_mode="multi",
        format_func=lambda m: verbatim(say.name("modality", m)),
        key=state.whatif_key("mute"),
    )
    said += [say("whatif.said.muted", part=say.name("modality", m)) for m in silent]
    return silent


def weight_of(seen: Review, say: Texts) -> Modality | None:
    """Which weight to move."""
    return st.segmented_control(
        say("whatif.weight"),
        list(seen.config.modalities),
        format_func=lambda m: verbatim(say.name("modality", m)),
        key=state.whatif_key("weight-of"),
        help=say("whatif.weight.help"),
    )


def move(seen: Review, chosen: Modality, said: list[str], say: Texts) -> tuple[Modality, float]:
    """Where to move it to; it starts where it is."""
    weight = st.slider(
        say("whatif.weight.to", part=say.name("modality", chosen)),
        0.0,
        1.0,
        round(seen.analysis.prediction.fusion_weights.get(chosen, 0.0), 2),
        0.01,
        key=state.whatif_key(f"weight-{chosen}"),
    )
    said.append(
        say("whatif.said.weight", part=say.name("modality", chosen), weight=f"{weight:.2f}")
    )
    return chosen, weight


def edit(notes: Notes | None, said: list[str], say: Texts) -> Notes | None:
    """The note, to be changed."""
    if notes is None:
        st.html(f'<div class="small">{escape(say("words.absent"))}</div>')
        return None
    text = st.text_area(say("whatif.note"), notes.text, height=210, key=state.whatif_key("note"))
    if text == notes.text:
        return None
    said.append(say("whatif.said.note"))
    return replace(notes, text=text)


def region(picture: Picture | None, said: list[str], say: Texts) -> Picture | None:
    """A box on the film, to be erased or alone kept; the film as the model then reads it."""
    if picture is None:
        st.html(f'<div class="small">{escape(say("viewer.absent"))}</div>')
        return None
    left, right = st.columns(2, gap="small")
    with left:
        what = st.segmented_control(
            say("whatif.region"),
            ["erase", "keep"],
            format_func=lambda w: say(f"whatif.{w}"),
            key=state.whatif_key("region"),
        )
        rows, columns = (
            st.slider(
                say(f"whatif.{side}"),
                0,
                100,
                (50, 80) if side == "rows" else (10, 45),
                format="%d %%",
                key=state.whatif_key(side),
            )
            for side in ("rows", "columns")
        )
        st.html(f'<div class="small">{escape(say("whatif.filling"))}</div>')
    box = Box(rows[0] / 100, rows[1] / 100, columns[0] / 100, columns[1] / 100)
    changed = None
    if what is not None:
        take = erase if what == "erase" else keep
        changed = models.predictor().alone(lambda: take(picture, box))  # its threads suit
        (top, bottom), (start, end) = rows, columns
        said.append(say(f"whatif.said.{what}", top=top, bottom=bottom, left=start, right=end))
    right.image(marked_film((changed or picture).shown, [box]), caption=say("whatif.film"))
    return changed


def shorten(sound: Sound | None, said: list[str], say: Texts) -> Sound | None:
    """Seconds to cut out of the recording."""
    if sound is None:
        st.html(f'<div class="small">{escape(say("sound.absent"))}</div>')
        return None
    end = round(sound.seconds, 1)
    if end <= SHORTEST:
        return None
    span = st.slider(
        say("whatif.cut"), 0.0, end, (0.0, 0.0), 0.1, "%.1f s", key=state.whatif_key("cut")
    )
    if span[0] == span[1]:
        return None
    said.append(say("whatif.said.cut", start=f"{span[0]:.1f}", end=f"{span[1]:.1f}"))
    return cut(sound, Span(*span))


def other_model(said: list[str], say: Texts) -> str | None:
    """A shipped model to ask instead."""
    here = models.predictor().folder
    names = [name for name in shipped() if find(name) != here]
    if not names:
        st.html(f'<div class="small">{escape(say("whatif.model.none"))}</div>')
        return None
    chosen = st.selectbox(
        say("whatif.model.other"), names, index=None, key=state.whatif_key("model")
    )
    if chosen:
        said.append(say("whatif.said.model", name=chosen))
    return chosen
