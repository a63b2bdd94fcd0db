"""Look closer: Integrated Gradients down to pixels, words or samples, on request."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from dashboard import figures, markup, sound_figures, state
from dashboard.parts.evidence import blank, film
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.case import SAMPLE_RATE, Modality
from mmbm.errors import MMBMError
from mmbm.explain.attribution import (
    Attribution,
    attribute_audio,
    attribute_image,
    attribute_notes,
)

__all__ = ["closer"]

POOR = 0.05  # relative convergence error from which the reader is warned
BLOCKS = 32  # tiles a side in which pixel shares are summed; single pixels are noise to the eye
STEP = 0.05  # seconds in which sample shares are summed
METHODS: dict[Modality, Callable[..., Attribution]] = {
    "image": attribute_image,
    "notes": attribute_notes,
    "audio": attribute_audio,
}


def closer(seen: Review, finding: str, say: Texts) -> None:
    """The expander with its choice of part, its progress and its result."""
    with st.expander(say("closer.title")):
        st.html(f'<div class="small">{escape(say("closer.body"))}</div>')
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.segmented_control(
                say("closer.modality"),
                list(seen.prediction.present),
                default=seen.prediction.present[0],
                format_func=lambda m: say(f"modality.{m}"),
                key="closer-part",
                required=True,
            )
            asked = st.button(say("closer.run"), key="closer-run")
        part = chosen or seen.prediction.present[0]
        if asked:
            compute(seen, part, finding, say)
        found = state.kept_closer(part, finding)
        if isinstance(found, Attribution):
            draw(seen, part, found, finding, say)


def compute(seen: Review, part: Modality, finding: str, say: Texts) -> None:
    """Run the method with a progress bar; a refusal is said in place."""
    bar = st.progress(0.0, text=say("closer.running"))

    def progress(done: float) -> None:
        bar.progress(min(1.0, max(0.0, done)), text=say("closer.running"))

    try:
        made = METHODS[part](state.predictor(), seen.prediction, finding, progress=progress)
    except MMBMError as refusal:
        st.error(str(refusal))
    else:
        state.keep_closer(part, finding, made)
    bar.empty()


def draw(seen: Review, part: Modality, found: Attribution, finding: str, say: Texts) -> None:
    """The attribution on its part, with method, baseline, steps and error."""
    contribution = seen.ledgers[seen.index(finding)].contributions[part]
    facts = say(
        "closer.facts",
        method=found.method,
        baseline=found.baseline,
        steps=found.steps,
        explained=markup.signed(found.explained, 3),
        contribution=markup.signed(contribution, 3),
        offset=markup.signed(contribution - found.explained, 3),
        delta=f"{100 * abs(found.delta):.2g} %",
    )
    st.html(f'<div class="small">{escape(facts)}</div>')
    if abs(found.delta) > POOR:
        st.warning(say("closer.poor"))
    if part == "image" and seen.film is not None:
        share = figures.block_sums(np.asarray(found.values), BLOCKS)
        film(
            seen.film,
            share,
            scale=float(np.abs(share).max()),
            finding=say.name("finding", finding),
            say=say,
            key="closer-viewer",
            unit="viewer.unit_closer",
        )
    elif part == "notes" and seen.case.notes is not None:
        shares = tuple(found.values)
        scale = max((abs(w.share) for w in shares), default=0.0)
        st.html(markup.words(seen.case.notes.text, shares, scale=scale))
        st.html(markup.strongest_words(seen.case.notes.text, shares, say))
    elif part == "audio":
        values = np.asarray(found.values, dtype=np.float64)
        edges = np.arange(0, len(values), int(STEP * SAMPLE_RATE))
        sums = np.add.reduceat(values, edges)
        times = edges / SAMPLE_RATE + STEP / 2
        st.plotly_chart(
            sound_figures.time_strip(times, sums, STEP, say), theme=None, config=figures.CONFIG
        )
        line = say("closer.bins", milliseconds=round(1000 * STEP))
        st.html(f'<div class="small">{escape(line)}</div>')
    else:
        blank(say("closer.absent"))
