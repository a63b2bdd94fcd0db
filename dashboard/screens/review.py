"""Review: a case in, the findings out, each with its reasons."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import state
from dashboard.parts.evidence import blank
from dashboard.parts.intake import intake
from dashboard.parts.results import results
from dashboard.review import Review, review
from dashboard.text import Texts
from mmbm.case import Case
from mmbm.errors import MMBMError


def seen(case: Case, say: Texts) -> Review | None:
    """The review of this case, made now if it is new; a refusal is said on the page."""
    made = state.kept_review(case)
    if made is not None:
        return made
    try:
        with st.spinner(say("review.loading")):
            predictor = state.predictor()
    except MMBMError as refusal:
        st.error(say("review.no_model", reason=str(refusal)))
        return None
    try:
        named = ", ".join(say(f"modality.{m}") for m in case.present)
        with st.spinner(say("review.working", parts=named)):
            made = review(predictor, case)
    except MMBMError as refusal:
        st.error(say("review.failed", reason=str(refusal)))
        return None
    state.keep(made)
    return made


say = state.say()
with st.sidebar:
    intake(say)
case = state.case()
# A place of its own, so that the spinner coming and going moves nothing below it.
progress = st.empty()
if case.present:
    with progress.container():
        made = seen(case, say)
    if made is not None:
        results(made, say)
else:
    with progress.container():
        blank(say("review.empty.body"))
        for line in ("review.empty.guide", "review.empty.privacy"):
            st.html(f'<div class="small">{escape(say(line))}</div>')
