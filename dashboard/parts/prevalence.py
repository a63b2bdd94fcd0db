"""How common the findings are for the reader, and at which prevalence a probability holds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import markup, state
from dashboard.foreign import escape
from dashboard.text import Texts
from mmbm.explain.ledger import Ledger
from mmbm.model.facts import Calibrated
from mmbm.trust.prevalence import Prevalences

__all__ = ["at_prevalence", "prevalence_picker", "what_it_means"]

LOW, HIGH = 0.1, 99.9  # percent


def prevalence_picker(
    finding: str, calibrated: Mapping[str, Calibrated], say: Texts
) -> Prevalences:
    """The control of one finding's prevalence; those of all findings that were set."""
    before = {name: set_for(name) for name in calibrated}
    if finding in calibrated:
        # not by the widget's default: what has one cannot be emptied again
        state.begin_with(f"prevalence-{finding}", before[finding])
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width=270):
            st.html(f"<b>{escape(say('prevalence.label'))}</b>", width="content")
            chosen = st.number_input(
                say("prevalence.label"),
                min_value=LOW,
                max_value=HIGH,
                value=None,
                step=1.0,
                format="%g",
                placeholder=markup.percent(calibrated[finding].prevalence),
                key=f"prevalence-{finding}",
                label_visibility="collapsed",
                width=130,
            )
        before[finding] = chosen
        state.remember_or_forget(f"prevalence-{finding}", None if chosen is None else f"{chosen:g}")
    wanted = {name: percent / 100 for name, percent in before.items() if percent is not None}
    return Prevalences(calibrated, wanted)


def set_for(finding: str) -> float | None:
    """The percentage in the page's address; None where it holds none that can be used."""
    try:
        percent = float(state.remembered_text(f"prevalence-{finding}"))
    except ValueError:
        return None
    return percent if LOW <= percent <= HIGH else None


def at_prevalence(account: Ledger, prevalences: Prevalences) -> Ledger:
    """The account at the reader's prevalence, which moves its start."""
    return account.at_prior(prevalences.shift(account.finding))


def named(source: str, say: Texts) -> str:
    """What a source of cases is called; a source of one's own as its manifest names it."""
    return say.strings.get(f"prevalence.source.{source}", source)


def what_it_means(account: Ledger, prevalences: Prevalences, say: Texts) -> str:
    """At which prevalence this finding's probability holds, and what it is at the reader's."""
    finding = account.finding
    if finding not in prevalences.calibrated:
        return say("prevalence.unstated")
    of = prevalences.calibrated[finding]
    said = say(
        "prevalence.calibrated",
        finding=say.name("finding", finding),
        share=markup.percent(of.prevalence),
        sources=say.listed(
            f"{named(source, say)} {markup.percent(positives / cases)}"
            for source, (cases, positives) in of.sources.items()
            if cases
        ),
    )
    if finding not in prevalences.wanted:
        return f"{said} {say('prevalence.as_calibrated')}"
    wanted = say(
        "prevalence.wanted",
        wanted=f"{100 * prevalences.wanted[finding]:g} %",
        before=markup.percent(account.probability),
        after=markup.percent(prevalences.probability(finding, account.logit)),
    )
    return f"{said} {wanted} {say('prevalence.answers')}"
