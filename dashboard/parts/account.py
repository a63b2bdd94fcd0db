"""The account of the chosen finding, and on demand the mathematics behind it."""

from __future__ import annotations

import math

import streamlit as st

from dashboard import markup
from dashboard.figures.account import account_table
from dashboard.foreign import escape, verbatim
from dashboard.text import Texts
from mmbm.analysis import Analysis
from mmbm.explain.ledger import Ledger

__all__ = ["account_of"]


def account_of(analysis: Analysis, account: Ledger, say: Texts, prior: float) -> None:
    """Base, contributions with their fusion weights, and total; the exact numbers folded away.

    ``prior`` is what the reader's prevalence has added to the base.
    """
    prediction = analysis.prediction
    finding, probability = say.name("finding", account.finding), markup.percent(account.probability)
    title = say("ledger.title", finding=finding, probability=probability)
    st.subheader(verbatim(title), anchor=False)
    drawn = account_table(account, prediction.present, prediction.fusion_weights, say)
    summary = escape(say("ledger.exact"))
    exact = markup.weights_table(account, prediction, say)
    said = escape(f"{in_words(account, say, prior)} {say('weights.caption')}")
    st.html(
        f'{drawn}<details class="exact"><summary>{summary}</summary>{exact}'
        f'<div class="small">{said}</div></details>'
    )


def in_words(account: Ledger, say: Texts, prior: float) -> str:
    """What the sum is, how exactly, and where these contributions lie among others."""
    line = say(
        "ledger.sum",
        residual=bound(account.residual),
        logit=markup.signed(account.logit, 3),
        probability=markup.percent(account.probability),
    )
    if prior:
        line += " " + say("ledger.prevalence", value=markup.signed(prior, 3))
    if account.interaction != 0.0:
        line += " " + say("ledger.interaction", value=markup.signed(account.interaction, 3))
    if account.intervals and account.percentiles:
        places = ", ".join(
            say("ledger.place", part=say.name("modality", m), count=round(place))
            for m, place in account.percentiles.items()
        )
        line += " " + say("ledger.interval", places=places)
    return line


def bound(residual: float) -> str:
    """The power of ten that a residual stays under; "1e-9" is where rounding starts to show."""
    return f"1e{math.ceil(math.log10(max(residual, 1e-9)))}"
