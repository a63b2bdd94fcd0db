"""Review: a case in, the findings out, each with its reasons."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import models, state
from dashboard.foreign import escape, verbatim
from dashboard.parts.evidence import blank
from dashboard.parts.intake import intake
from dashboard.parts.results import results
from dashboard.review import Review, review
from dashboard.text import Texts
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.predict import Predictor

# what this run has not drawn anew yet
OLD = (
    '.st-key-results [data-stale="true"] { opacity: 0.3; filter: grayscale(1); transition: none; }'
)


def ready(say: Texts) -> Predictor | None:
    """The model, loaded while the reader looks for the files; a refusal is said on the page."""
    try:
        with st.spinner(say("review.loading")):
            return models.predictor()
    except MMBMError as refusal:
        st.error(verbatim(say("review.no_model", reason=say.of(refusal))))
        return None


def seen(predictor: Predictor, case: Case, say: Texts) -> Review | None:
    """The review of this case, made now if it is new; a refusal is said on the page."""
    made = state.kept_review(case)
    if made is not None:
        return made
    try:
        named = ", ".join(say.name("modality", m) for m in case.present)
        working = st.spinner(say("review.working", parts=named))
        with nullcontext() if state.numbers_shown() else working:  # else the notice says it
            made = review(predictor, case)
            state.keep(made)
    except MMBMError as refusal:
        st.error(verbatim(say("review.failed", reason=say.of(refusal))))
    return made


def welcome(say: Texts) -> None:
    """What to do first, and what will come of it."""
    blank(say("review.empty.body"))
    for line in ("review.empty.guide", "review.empty.privacy"):
        st.html(f'<div class="small">{escape(say(line))}</div>')


def outdated(say: Texts) -> DeltaGenerator:
    """A place that says, until the new numbers stand, that those on the screen are old."""
    place = st.empty()
    if state.numbers_are_old():
        said = f'<div class="outdated" role="status">{escape(say("review.outdated"))}</div>'
        place.html(f"{said}<style>{OLD}</style>")
    return place


say = state.say()
notice = outdated(say)
with st.sidebar:
    intake(say)
case = state.case()
made = None
# A place of its own, so that the spinner coming and going moves nothing below it.
with st.empty().container():
    if not case.present:
        welcome(say)
    predictor = ready(say)
    if predictor is not None and case.present:
        made = seen(predictor, case, say)
if made is not None:
    state.show_numbers("some")  # this run may be overtaken midway
    with st.container(key="results"):
        results(made, say)
notice.empty()
state.show_numbers(None if made is None else made.analysis.case)
