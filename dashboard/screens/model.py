"""Model: its identity, its card, and how it fared on patients it had not seen."""

from __future__ import annotations

import streamlit as st

from dashboard import markup, models, state
from dashboard.foreign import document, verbatim
from dashboard.parts.evaluation import evaluation, training
from dashboard.parts.evidence import blank
from dashboard.parts.measured_trust import measured_trust
from dashboard.text import Texts
from mmbm.card import read_card
from mmbm.errors import MMBMError
from mmbm.predict import Predictor


def identity(predictor: Predictor, say: Texts) -> None:
    """Which model this is."""
    st.subheader(say("model.identity"), anchor=False)
    named = ", ".join(say.name("finding", f) for f in predictor.config.findings)
    rows = [
        (say("model.name"), predictor.identity.name),
        (say("model.version"), predictor.identity.version),
        (say("model.sha"), predictor.identity.sha256),
        (say("model.device"), predictor.device),
        (say("model.findings"), named),
    ]
    st.html(markup.facts_table(rows))


def page(predictor: Predictor, say: Texts) -> None:
    """Identity, evaluation, training and card."""
    identity(predictor, say)
    card = read_card(predictor.folder)
    st.header(say("model.evaluation"), anchor=False)
    findings = predictor.config.findings
    chosen = st.segmented_control(
        say("model.finding"),
        findings,
        default=findings[0],
        format_func=lambda finding: verbatim(say.name("finding", finding)),
        key="model-finding",
        required=True,
    )
    finding = chosen or findings[0]
    for fault in card.faults:
        st.error(say(f"model.fault.{fault}"))
    if card.evaluation is None:
        blank(say("model.not_assessed"))
    else:
        evaluation(card.evaluation, finding, say)
        measured_trust(card.evaluation, finding, say)
    training(card.history, finding, say)
    st.header(say("model.card"), anchor=False)
    with st.container(border=True):
        st.html(document(card.markdowns[say.language] or card.markdown or say("model.no_card")))


say = state.say()
st.header(say("model.title"), anchor=False)
try:
    with st.spinner(say("review.loading")):
        predictor = models.predictor()
    page(predictor, say)
except MMBMError as refusal:
    st.error(verbatim(say("review.no_model", reason=say.of(refusal))))
