"""Where the contributions of one finding lie: on the film, over time."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import markup, viewer
from dashboard.figures import sound as sound_figures
from dashboard.figures.look import CONFIG
from dashboard.foreign import escape
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.audio.prepare import SoundEvidence
from mmbm.branches.image.evidence import share_inside
from mmbm.branches.image.prepare import PreparedImage
from mmbm.case import SAMPLE_RATE
from mmbm.explain.ledger import Ledger
from mmbm.explain.maps import EvidenceMaps

__all__ = ["blank", "film", "picture", "sound"]

VIEWER_TEXTS = (
    "window", "invert", "zoom_in", "zoom_out", "reset", "map", "opacity", "cells", "raising",
    "lowering", "by_hand", "center_width", "value", "share", "lowers", "raises", "hint",
)  # fmt: skip


def picture(seen: Review, account: Ledger, maps: EvidenceMaps, say: Texts) -> None:
    """The film with the evidence for the chosen finding."""
    st.subheader(say("viewer.title"), anchor=False)
    evidence = maps.values("image")
    if seen.film is None or evidence is None:
        blank(say("viewer.absent"))
        return
    finding = say.name("finding", account.finding)
    film(seen.film, evidence, scale=seen.image_scale, finding=finding, say=say, key="viewer")
    line = say(
        "viewer.caption",
        finding=finding,
        total=markup.signed(account.contributions["image"], 3),
    )
    prepared = seen.analysis.prediction.features.prepared["image"]
    lungs = prepared.lungs if isinstance(prepared, PreparedImage) else None
    inside = share_inside(evidence, lungs) if lungs and lungs.found else None
    if inside is not None:
        line += " " + say("viewer.inside", share=f"{inside:.0%}")
    st.html(f'<div class="small">{escape(line)}</div>')


def film(
    shown: viewer.Film,
    share: NDArray[np.floating],
    *,
    scale: float,
    finding: str,
    say: Texts,
    key: str,
    unit: str = "viewer.unit",
) -> None:
    """Mount the viewer with a map over the film."""
    strings = {name: say(f"viewer.{name}") for name in VIEWER_TEXTS} | {"unit": say(unit)}
    payload = viewer.pack(
        shown,
        share,
        scale=scale,
        window_names=window_names(shown, say),
        texts=strings,
        alt=say("viewer.alt", finding=finding),
    )
    viewer.show(payload, key=key)


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


def sound(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """Waveform, spectrogram and shares over time; playback; the sound events."""
    st.subheader(say("sound.title"), anchor=False)
    audio = seen.analysis.case.audio
    heard = maps.parts.get("audio")
    if audio is None or seen.decibels is None or not isinstance(heard, SoundEvidence):
        blank(say("sound.absent"))
        return
    start = strongest_second(heard, say)
    st.audio(
        audio.waveform,
        sample_rate=SAMPLE_RATE,
        start_time=start or 0,
        autoplay=start is not None,
    )
    figure = sound_figures.sound(
        audio.waveform,
        seen.decibels,
        heard.values,
        heard.seconds,
        config=seen.config.audio,
        say=say,
        limit=seen.moment_scale,
        marked=start,
    )
    st.plotly_chart(figure, theme=None, config=CONFIG, key="sound")
    events = seen.analysis.prediction.events.get("audio", ())
    rows = [(say.name("event", e.name), e.probability, "") for e in events]
    st.html(
        f'<div class="small"><b>{escape(say("sound.events"))}.</b> '
        f"{escape(say('sound.events_caption'))}</div>"
    )
    st.html(markup.meters(rows, narrow=True))


def strongest_second(heard: SoundEvidence, say: Texts) -> int | None:
    """A button that plays from the second that moved the finding most; None until it is pressed."""
    second = sound_figures.strongest_second(heard.values, heard.seconds)
    pressed = st.button(say("sound.strongest", second=second), key="strongest-second")
    return second if pressed else None


def blank(sentence: str) -> None:
    """A quiet place holder where a part was not given."""
    st.html(f'<div class="blank">{escape(sentence)}</div>')
