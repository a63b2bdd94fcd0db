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


def asks_first(say: Texts) -> bool:
    """Whether the reader's own answers are missing that come before the model's."""
    try:
        return not keeping.may_be_shown()
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return True


def own_answers(predictor: Predictor, case: Case, say: Texts) -> None:
    """Ask for the reader's own answers, beside the X-ray before this one."""
    try:
        first_answers(case, tuple(predictor.config.findings), say)
        prior_film(say)
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))


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
            # Places of their own, so that what comes and goes in them moves nothing below.
            with st.container():
                refusals(say)
                predictor = ready(say)
                mine = predictor is not None and asks_first(say)
            made = None
            with st.container() if mine else st.empty().container():
                if predictor is not None and mine:
                    own_answers(predictor, case, say)
                elif predictor is not None:
                    made = seen(predictor, case, say)
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
# The start and the case have a place each. What is drawn again is drawn over itself: were its place
# emptied first, a slow run would mount the viewer anew.
if case.present:
    st.empty()
    with st.container():
        made = read(case, say)
else:
    with st.container():
        refusals(say)
        start(say)
        ready(say)
    st.empty()
notice.empty()
state.show_numbers(None if made is None else made.analysis.case)
