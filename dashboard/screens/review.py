"""Review: a case in, the findings out, each with its reasons."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import keeping, models, state, stored
from dashboard.foreign import escape, verbatim
from dashboard.parts.beside import beside_film
from dashboard.parts.evidence import raw_film
from dashboard.parts.first_answers import first_answers
from dashboard.parts.intake import intake
from dashboard.parts.over_time import prior_film
from dashboard.parts.reader import refusals
from dashboard.parts.results import results
from dashboard.parts.start import start
from dashboard.review import Review, review
from dashboard.text import Texts
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.predict import Predictor

# what this run has not drawn anew yet
OLD = (
    '.st-key-results [data-stale="true"] { opacity: 0.3; filter: grayscale(1); transition: none; }'
)
FILM, ANSWERS = 1.45, 1.0  # how the width is shared


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
        named = say.listed(say.name("modality", m) for m in case.present)
        working = st.spinner(say("review.working", parts=named))
        with nullcontext() if state.numbers_shown() else working:  # else the notice says it
            made = review(predictor, case)
            state.keep(made)
    except MMBMError as refusal:
        st.error(verbatim(say("review.failed", reason=say.of(refusal))))
    return made


def own_answers(predictor: Predictor, case: Case, say: Texts) -> bool:
    """Ask for the reader's own answers where they come first; whether they are missing still."""
    try:
        if keeping.may_be_shown():
            return False
        first_answers(case, tuple(predictor.config.findings), say)
        prior_film(say)
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
    return True


def bring_marks(say: Texts) -> None:
    """The reader's kept marks, before the film is drawn."""
    try:
        keeping.bring_marks()
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))


def outdated(say: Texts) -> DeltaGenerator:
    """A place that says, until the new numbers stand, that those on the screen are old."""
    place = st.empty()
    if state.numbers_are_old():
        said = f'<div class="outdated" role="status">{escape(say("review.outdated"))}</div>'
        place.html(f"{said}<style>{OLD}</style>")
    return place


def read(case: Case, say: Texts) -> Review | None:
    """The film on the left at once; on the right the answers, as soon as there are any."""
    with st.container(key="reading"):
        left, right = st.columns([FILM, ANSWERS], gap="small")
        with left, st.container(key="film"):
            if case.image is None:
                st.html('<div class="no-film"></div>')
            else:
                raw_film(say)
                beside_film(case, say)
        with right, st.container(key="results"):
            # A place of its own, so that the spinner coming and going moves nothing below it.
            with st.empty().container():
                refusals(say)
                predictor = ready(say)
                mine = predictor is not None and own_answers(predictor, case, say)
                made = None if predictor is None or mine else seen(predictor, case, say)
            if made is not None:
                state.show_numbers("some")  # this run may be overtaken midway
                results(made, say)
    return made


say = state.say()
if stored.store_is_on():
    state.follow_address()
state.drop_questions()
notice = outdated(say)
with st.container(key="intake"):
    intake(say)
case = state.case()
if stored.store_is_on():
    bring_marks(say)
made = None
# A place for each: what is only emptied moves nothing.
before, after = st.empty(), st.empty()
if case.present:
    with after.container():
        made = read(case, say)
else:
    with before.container():
        refusals(say)
        start(say)
        ready(say)
notice.empty()
state.show_numbers(None if made is None else made.analysis.case)
