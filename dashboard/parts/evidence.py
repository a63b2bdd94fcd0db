"""Where the contributions of one finding lie on the film."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import markup, state, viewer
from dashboard.foreign import escape, verbatim
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.image.evidence import share_inside
from mmbm.branches.image.prepare import PreparedImage
from mmbm.case import Picture
from mmbm.explain.ledger import Ledger
from mmbm.explain.maps import EvidenceMaps

__all__ = [
    "LINK",
    "blank",
    "film",
    "film_map",
    "map_in_words",
    "raw_film",
    "viewer_texts",
    "window_names",
]

VIEWER = "review"  # the name that the film's map is sent to
LINK = "case"  # the group of viewers that do as the film's does
VIEWER_TEXTS = (  # beside those of the keys
    "window", "invert", "zoom_in", "zoom_out", "reset", "map", "opacity", "cells", "raising",
    "lowering", "by_hand", "center_width", "value", "share", "lowers", "raises", "tool", "fit",
    "words", "frame", "erase", "threshold", "keys", "pixels", "at_detector",
)  # fmt: skip


@st.fragment
def raw_film(say: Texts) -> None:
    """The film as it was given, before anything is known of it; its map comes by itself.

    A fragment, so that a step to another frame draws that frame alone.
    """
    picture = state.case().image
    if picture is None:
        return
    shown, refusal = state.film_shown(picture)
    payload = viewer.pack(
        shown,
        window_names=window_names(shown, say),
        texts=viewer_texts("viewer.unit", say) | {"map": say("viewer.map_key")},
        alt=say("viewer.raw_alt"),
        name=VIEWER,
        link=LINK,
        series=state.epoch(),
    )
    with st.container(key="main-film"):
        viewer.show(payload, key=state.FILM_KEY, on_step=state.take_step)
    with st.container(key="marks"):
        film_marks()
    if refusal is not None:
        st.error(verbatim(say.of(refusal)))
    if shown.frame != picture.frame:
        other_frame(picture, shown, say)


def other_frame(picture: Picture, shown: viewer.Film, say: Texts) -> None:
    """That the answers are of another frame than the one shown, and a button to score this one."""
    with st.container(key="other-frame", horizontal=True, vertical_alignment="center"):
        line = say("viewer.other_frame", scored=picture.frame + 1, shown=shown.frame + 1)
        st.html(f'<div role="status">{escape(line)}</div>', width="content")
        pressed = st.button(
            say("viewer.score_frame"),
            key="score-frame",
            on_click=state.score_frame,
            args=(shown.frame, state.epoch()),
        )
    if pressed:
        st.rerun()


@st.fragment
def film_marks() -> None:
    """What the reader draws on the film; a fragment, so that a mark reruns nothing else."""
    now = state.drawn()
    viewer.carry_marks(
        now.marks,
        name=VIEWER,
        epoch=now.epoch,
        key=state.MARKS_KEY,
        on_change=state.take_marks,
    )


def film_map(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """Send the film's viewer the map of a finding."""
    picture, evidence = seen.analysis.case.image, maps.values("image")
    if picture is None or evidence is None:
        return
    alt = say("viewer.alt", finding=say.name("finding", maps.finding))
    scale = seen.image_scale
    shown = state.film_of(picture)
    payload = viewer.pack_overlay(shown, evidence, scale=scale, alt=alt, name=VIEWER)
    viewer.overlay(payload, key="film-map")


def map_in_words(seen: Review, account: Ledger, maps: EvidenceMaps, say: Texts) -> str:
    """What the film's map is, what it sums to, and how much of it lies in the lungs."""
    evidence = maps.values("image")
    if evidence is None:
        return ""
    line = say(
        "viewer.caption",
        finding=say.name("finding", account.finding),
        total=markup.signed(account.contributions["image"], 3),
    )
    prepared = seen.analysis.prediction.features.prepared["image"]
    lungs = prepared.lungs if isinstance(prepared, PreparedImage) else None
    inside = share_inside(evidence, lungs) if lungs and lungs.found else None
    if inside is not None:
        line += " " + say("viewer.inside", share=f"{100 * inside:.0f} %")
    return f"{line} {say('viewer.no_verdict')}"


def film(
    shown: viewer.Film,
    share: NDArray[np.floating],
    *,
    scale: float,
    finding: str,
    say: Texts,
    key: str,
) -> None:
    """The page's film with a map of its own on it; ``scale`` is the share of full colour."""
    payload = viewer.pack(
        shown,
        share,
        scale=scale,
        window_names=window_names(shown, say),
        texts=viewer_texts("viewer.unit_closer", say),
        alt=say("viewer.alt", finding=finding),
        borrowed=True,
    )
    viewer.show(payload, key=key)


def viewer_texts(unit: str, say: Texts) -> dict[str, str]:
    """The viewer's words by its own names; ``unit`` is the text for the unit of its map."""
    keys = (name.removeprefix("viewer.") for name in say.strings if name.startswith("viewer.key_"))
    return {name: say(f"viewer.{name}") for name in (*VIEWER_TEXTS, *keys)} | {"unit": say(unit)}


def window_names(shown: viewer.Film, say: Texts) -> tuple[str, ...]:
    """A name for each window; the file's own keep the name the file gives them."""
    names = []
    for number, window in enumerate(shown.windows, start=1):
        if f"viewer.{window.name}" in say.strings and window.name in viewer.OWN_WINDOWS:
            names.append(say(f"viewer.{window.name}"))
        elif window.name:
            names.append(window.name)
        else:
            key = "viewer.of_file" if number == 1 else "viewer.of_file_n"
            names.append(say(key, number=number))
    return tuple(names)


def blank(sentence: str) -> None:
    """A quiet place holder where a part was not given."""
    st.html(f'<div class="blank">{escape(sentence)}</div>')
