"""What if: the questions asked of a case, their answer, and what a flip would take."""

from __future__ import annotations

import streamlit as st

from dashboard import models, state
from dashboard.figures import whatif as whatif_figures
from dashboard.foreign import escape, verbatim
from dashboard.parts.chart import chart
from dashboard.parts.flips import flips, worths
from dashboard.parts.questions import (
    edit,
    move,
    mute,
    other_model,
    region,
    shorten,
    weight_of,
)
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.analysis import late_warnings
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.explain.whatif import changes, exchanged, muted, reweighed
from mmbm.predict import Prediction

__all__ = ["whatif"]


@st.fragment
def whatif(seen: Review, finding: str, say: Texts, *, moved: bool = False) -> None:
    """The panel: the answer above, the questions below it, then what it would take.

    ``moved`` where the reader set a prevalence, which the panel leaves out.
    """
    body = say("whatif.body") + (" " + say("prevalence.whatif") if moved else "")
    st.html(f'<div class="small">{escape(body)}</div>')
    said: list[str] = []
    place = st.container()
    try:
        after = asked(seen, said, say)
        with place:
            answer(seen, after, finding, said, say)
    except MMBMError as refusal:
        place.error(verbatim(say.of(refusal)))
    flips(seen, finding, say)
    worths(seen, finding, say)


def asked(seen: Review, said: list[str], say: Texts) -> Prediction:
    """The prediction with all that was asked for; ``said`` gets it in words."""
    with st.container(horizontal=True, gap="large"):
        silent = mute(seen, said, say)
        chosen = weight_of(seen, say)
    weight = move(seen, chosen, said, say) if chosen else None
    notes, picture, sound, model = st.tabs(
        [verbatim(say.name("modality", m)) for m in ("notes", "image", "audio")]
        + [say("whatif.model")]
    )
    with notes:
        note = edit(seen.analysis.case.notes, said, say)
    with picture:
        film = region(seen.analysis.case.image, said, say)
    with sound:
        recording = shorten(seen.analysis.case.audio, said, say)
    parts = Case(film, note, recording)
    with model:
        other = other_model(said, say)
    if other is not None:
        whole = Case(**{**seen.analysis.case.parts, **parts.parts})
        after = models.other_predictor(other).predict(whole)
    elif parts.present:
        after = exchanged(models.predictor(), seen.analysis.prediction, parts)
    else:
        after = seen.analysis.prediction
    # on the worker, whose threads suit: here small sums would wait for each other on all cores
    return models.predictor().alone(
        lambda: muted(reweighed(after, *weight) if weight else after, *silent)
    )


def answer(seen: Review, after: Prediction, finding: str, said: list[str], say: Texts) -> None:
    """The chosen finding's account and all findings, before and after."""
    if not said:
        st.html(f'<div class="blank">{escape(say("whatif.nothing"))}</div>')
        return
    st.html(f'<div class="small"><b>{escape(" ".join(said))}</b></div>')
    both = models.predictor().alone(lambda: changes(seen.analysis.prediction, after))
    for change in both:
        if change.finding == finding:
            name = say.name("finding", finding)
            st.html(f"<b>{escape(say('whatif.account', finding=name))}</b>")
            st.html(whatif_figures.account_table(change, say))
    chart(whatif_figures.moved(both, say), "whatif-moved", say)
    for warning in (*after.warnings, *late_warnings(after)):
        if warning not in seen.analysis.prediction.warnings:
            st.warning(verbatim(say.of(warning)))
    st.button(say("whatif.reset"), key=state.whatif_key("reset"), on_click=state.reset_whatif)
