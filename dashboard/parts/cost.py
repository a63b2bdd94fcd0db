"""What scoring costs on this machine, as ``mmbm benchmark`` measured it."""

from __future__ import annotations

import streamlit as st

from dashboard.foreign import escape
from dashboard.parts.blocks import blank, small, table, title
from dashboard.text import Texts
from mmbm.cost.kept import kept
from mmbm.cost.words import told
from mmbm.text import sentence

__all__ = ["cost"]


def cost(sha256: str, say: Texts) -> None:
    """This machine's figures for the weights with this sha256; nothing is measured here."""
    title("cost.title", say)
    report = kept(sha256)
    if report is None:
        blank(say, "cost.none")
        return
    plain = say(
        "cost.plain",
        seconds=f"{report.seconds_median:.2f}",
        hour=f"{3600 * report.one_by_one:,.0f}",
        batched=f"{report.batched:.1f}",
        day=report.day,
    )
    energy = say("cost.no_energy")
    if report.joules is not None:
        energy = say("cost.energy", joules=f"{report.joules:,.1f}")
    st.html(f'<p class="told">{escape(plain)} {escape(energy)}</p>')
    rows = [(say.of(name), say.of(value)) for name, value in told(report)]
    table(rows, ["cost.figure", "cost.here"], say)
    small(say.of(sentence("cost.how", cases=report.cases)))
