"""What the About page says, a tab at a time."""

from __future__ import annotations

import streamlit as st

from dashboard import models
from dashboard.foreign import escape, verbatim
from dashboard.parts.blocks import small, title
from dashboard.parts.summary import unanswered
from dashboard.parts.validated import status_line
from dashboard.samples import sample_picture
from dashboard.stored import store_is_on
from dashboard.text import Texts
from mmbm.card import own_facts, read_card
from mmbm.errors import MMBMError

__all__ = ["privacy", "reading", "use", "validated"]

FOR = ("research", "teaching", "comparing")
NOT_FOR = ("device", "care", "silence", "strange")
DATA = ("assembled", "confounded", "prevalence")
KEPT = ("local", "memory", "discard", "download")
BESIDE = ("warnings", "findings", "account")  # right of the chest X-ray
SAMPLE = "adult-opacity"
TABS = ("notes", "sound", "closer", "whatif")


def use(say: Texts) -> None:
    """What it is, what it is for and what not."""
    st.html(f'<p class="told">{escape(say("about.use.body"))}</p>')
    left, right = st.columns(2, gap="large")
    with left:
        title("about.for", say)
        bullets([say(f"about.for.{name}") for name in FOR])
    with right:
        title("about.not_for", say)
        bullets([say(f"about.not_for.{name}") for name in NOT_FOR])
    st.html(f'<p class="told"><b>{escape(say("about.workflow"))}</b></p>')


def reading(say: Texts) -> None:
    """The Review page as a drawing of itself, each part with what it says."""
    small(say("about.read.intro"))
    beside = "".join(part(name, say) for name in BESIDE)
    lines = "".join(
        f"<li><b>{escape(say(f'tab.{name}'))}</b> {escape(say(f'about.read.tabs.{name}'))}</li>"
        for name in TABS
    )
    tabs = f"<section><h3>{escape(say('about.read.tabs'))}</h3><ul>{lines}</ul></section>"
    film = part("film", say, f'<img src="{sample_picture(SAMPLE)}" alt="">')
    st.html(f'<div class="drawing">{film}<div>{beside}{tabs}</div></div>')


def part(name: str, say: Texts, picture: str = "") -> str:
    """One part of the page, with a picture as HTML."""
    head, body = say(f"about.read.{name}"), say(f"about.read.{name}.body")
    return (
        f'<section class="{name}"><h3>{escape(head)}</h3><p>{escape(body)}</p>{picture}</section>'
    )


def validated(say: Texts) -> None:
    """Each finding's status, what fails, what nobody looked at, and what the figures rest on."""
    try:
        with st.spinner(say("review.loading")):
            predictor = models.predictor()
        card = read_card(predictor.folder)
        own = own_facts(card.facts, say.language)
    except MMBMError as refusal:
        st.error(verbatim(say("review.no_model", reason=say.of(refusal))))
        return
    findings = predictor.config.findings
    if card.evaluation is None:
        st.error(say("model.fault.no_record"))
    else:
        st.html("".join(status_line(card.evaluation, finding, say) for finding in findings))
        small(f"{say('model.status.rule')} {say('about.validated.more')}")
        title("model.open", say)
        st.html(unanswered(card.evaluation, card.facts, findings, say))
    left, right = st.columns(2, gap="large")
    with left:
        title("about.validated.data", say)
        bullets([say(f"about.data.{name}") for name in DATA])
    if own.known_failures:
        with right:
            title("about.validated.failures", say)
            bullets(own.known_failures)


def privacy(say: Texts) -> None:
    """What is kept, where and for how long."""
    own = {"memory": "memory_store"} if store_is_on() else {}
    bullets([say(f"about.privacy.{own.get(name, name)}") for name in KEPT])


def bullets(lines: list[str] | tuple[str, ...]) -> None:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    st.html(f'<ul class="said">{items}</ul>')
