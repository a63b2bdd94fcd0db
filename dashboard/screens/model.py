"""Model: what it is, where it was validated and where not, and all that its record holds."""

from __future__ import annotations

import streamlit as st

from dashboard import models, state
from dashboard.figures import forest
from dashboard.foreign import document, escape, verbatim
from dashboard.parts.blocks import assessed, blank, block, leaning, pick_finding, small, title
from dashboard.parts.calibration import calibration
from dashboard.parts.cost import cost
from dashboard.parts.evaluation import added, sources
from dashboard.parts.learned import learned
from dashboard.parts.located import boxed, moments
from dashboard.parts.measured_trust import measured_trust
from dashboard.parts.subgroups import against_normal, subgroups
from dashboard.parts.summary import summary
from dashboard.parts.tabs import open_tab
from dashboard.text import Texts
from mmbm.card import Card, read_card
from mmbm.errors import MMBMError
from mmbm.predict import Predictor
from mmbm.record import Record

TABS = (
    "summary", "sources", "inputs", "calibration", "places", "subgroups", "sounds", "training",
    "cost", "card",
)  # fmt: skip
OF_THE_RECORD = TABS[:7]


def page(predictor: Predictor, say: Texts) -> None:
    """Identity and finding, then the open tab."""
    card = read_card(predictor.folder)
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="medium"):
        identity(predictor, say)
        finding = pick_finding(predictor.config.findings, "model-finding", say)
    for fault in card.faults:
        st.error(say(f"model.fault.{fault}"))
    name, tab = open_tab("model", {n: say(f"model.tab.{n}") for n in TABS}, say)
    with tab:
        if card.evaluation is None and name in OF_THE_RECORD:
            blank(say)
        else:
            show(name, card, predictor, finding, say)


def identity(predictor: Predictor, say: Texts) -> None:
    """Which model this is, in two lines."""
    named = predictor.identity
    line = say("model.identity", sha=named.sha256, device=predictor.device.upper())
    with st.container(width="content", gap="small"):
        st.header(verbatim(f"{named.name} {named.version}"), anchor=False)
        st.html(f'<div class="small">{escape(line)}</div>')


def show(name: str, card: Card, predictor: Predictor, finding: str, say: Texts) -> None:
    """One tab."""
    record = card.evaluation
    match name:
        case "training":
            learned(card, finding, say)
        case "cost":
            cost(predictor.identity.sha256, say)
        case "card":
            written(card, say)
        case _ if record is not None:
            of_record(name, record, card, predictor, finding, say)


def of_record(
    name: str, record: Record, card: Card, predictor: Predictor, finding: str, say: Texts
) -> None:
    match name:
        case "summary":
            summary(record, card.facts, predictor.config.findings, finding, say)
        case "sources":
            sources(record, finding, say)
        case "inputs":
            added(record, finding, say)
        case "calibration":
            calibration(record, finding, say)
            measured_trust(record, finding, say)
        case "places":
            boxed(record, finding, say)
            moments(record, say)
        case "subgroups":
            against_normal(record, finding, say)
            subgroups(record, finding, say)
        case "sounds":
            events(record, say)


def events(record: Record, say: Texts) -> None:
    """How well each kind of lung sound is heard."""
    title("model.events", say)
    rows = [(say.name("event", name), f) for name, f in assessed(record.sound_events).items()]
    caption = say("model.events.caption") + leaning((f for _, f in rows), say)
    drawn = (lambda: forest.forest(rows, say)) if rows else None
    block("model.events", drawn, caption, say)
    absent = [say.name("event", n) for n, f in record.sound_events.items() if f.auroc is None]
    if absent:
        small(say("model.events.absent", names=say("findings.then").join(absent)))


def written(card: Card, say: Texts) -> None:
    """The card as a document of its own."""
    text = card.markdowns[say.language] or card.markdown or say("model.no_card")
    named = f'role="region" aria-label="{escape(say("model.card"))}"'
    st.html(f'<div class="document" tabindex="0" {named}>{document(text)}</div>')


say = state.say()
try:
    with st.spinner(say("review.loading")):
        predictor = models.predictor()
    page(predictor, say)
except MMBMError as refusal:
    st.header(say("model.title"), anchor=False)
    st.error(verbatim(say("review.no_model", reason=say.of(refusal))))
