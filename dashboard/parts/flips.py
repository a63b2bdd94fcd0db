"""What it would take: the least that flips a finding, and what a missing part would change."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import markup, models, state
from dashboard.figures import whatif as whatif_figures
from dashboard.figures.film import marked_film
from dashboard.foreign import escape, verbatim
from dashboard.jobs import Job
from dashboard.parts import running
from dashboard.review import Review
from dashboard.state import FlipKey
from dashboard.text import Texts
from mmbm.branches.parts import Box, Span
from mmbm.branches.registry import branch_of
from mmbm.case import Modality
from mmbm.explain.flips import Flip, flip
from mmbm.explain.whatif import worth
from mmbm.predict import Predictor

__all__ = ["flips", "worths"]


def flips(seen: Review, finding: str, say: Texts) -> None:
    """A button for each part given; what was found stays until the case changes."""
    name, threshold = say.name("finding", finding), models.thresholds().get(finding, 0.5)
    point = markup.percent(threshold)
    st.html(f"<b>{escape(say('flip.title', finding=name))}</b>")
    st.html(f'<div class="small">{escape(say("flip.body", point=point))}</div>')
    with st.container(horizontal=True):
        for modality in seen.analysis.prediction.present:
            key = (modality, finding)
            task = partial(search, models.predictor(), seen, key, threshold)
            st.button(
                verbatim(label(modality, say)),
                key=f"flip-{modality}",
                on_click=running.ask,
                args=(seen.analysis.case, {} if state.was_flipped(key) else {key: task}),
            )
    for key in [k for k in state.jobs() if len(k) == 2]:
        take(key, say)
    for modality in seen.analysis.prediction.present:
        if state.was_flipped((modality, finding)):
            show(seen, modality, finding, state.kept_flip((modality, finding)), say)


def search(
    predictor: Predictor, seen: Review, key: FlipKey, threshold: float, job: Job
) -> Flip | None:
    """Look for a minimal set that flips it."""
    return flip(
        *(predictor, seen.analysis.case, seen.analysis.prediction, *key),
        threshold=threshold,
        progress=job.say,
        cancelled=job.cancelled,
    )


def take(key: FlipKey, say: Texts) -> None:
    """Take what a search found, or show how far it is."""
    modality, finding = key
    name = f"{label(modality, say)} · {say.name('finding', finding)}"

    def words(done: float) -> tuple[str, None]:
        return say("flip.working", name=name, count=int(done)), None

    running.look(key, name, state.keep_flip, words, say)


def show(seen: Review, modality: Modality, finding: str, found: Flip | None, say: Texts) -> None:
    """One answer: how many, what they are, and what is left of the probability."""
    part = say.name("modality", modality)
    if found is None:
        st.html(f'<div class="small">{escape(say("flip.none", part=part))}</div>')
        return
    line = say.either(
        f"flip.found.{modality}",
        "flip.found.other",
        count=len(found.removed),
        pieces=found.pieces,
        finding=say.name("finding", finding),
        before=f"{100 * found.before:.1f} %",
        after=f"{100 * found.after:.1f} %",
        point=f"{100 * found.threshold:.1f} %",
    )
    st.html(f'<div class="small">{escape(line)} {escape(say("flip.checked"))}</div>')
    if seen.analysis.case.notes is not None and modality == "notes":
        words = [place for place in found.removed if isinstance(place, Span)]
        st.html(whatif_figures.struck(seen.analysis.case.notes.text, words))
    elif seen.analysis.case.image is not None and modality == "image":
        boxes = [place for place in found.removed if isinstance(place, Box)]
        st.image(marked_film(seen.analysis.case.image.shown, boxes))
    elif fields := branch_of(modality).fields:
        gone = [fields[int(p.start)].label for p in found.removed if isinstance(p, Span)]
        st.html(f"<div>{escape(say.listed(gone))}</div>")
    else:
        seconds = sorted(place for place in found.removed if isinstance(place, Span))
        named = say.listed(f"{start:.1f}–{end:.1f} s" for start, end in seconds)
        st.html(f"<div>{escape(named)}</div>")


def label(modality: str, say: Texts) -> str:
    """What the search in one part is called."""
    return say.either(f"flip.{modality}", "flip.other", part=say.name("modality", modality))


def worths(seen: Review, finding: str, say: Texts) -> None:
    """What each missing part would change on average."""
    for modality in seen.config.modalities:
        if modality in seen.analysis.prediction.present:
            continue
        part = say.name("modality", modality)
        known = worth(seen.analysis.prediction, modality)
        if known is None:
            line = say("worth.unknown", part=part)
        else:
            mine = next(w for w in known if w.finding == finding)
            line = say(
                "worth.known",
                part=part,
                finding=say.name("finding", finding),
                points=f"{100 * mine.probability:.1f}",
                logit=f"{mine.logit:.2f}",
                low=markup.percent(mine.low),
                high=markup.percent(mine.high),
            )
        st.html(f'<div class="small">{escape(line)}</div>')
