"""How well the model knows when it does not know, as its record measured it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import markup
from dashboard.foreign import escape
from dashboard.text import Texts
from mmbm.record.record import Record

__all__ = ["measured_trust"]


def measured_trust(record: Record, finding: str, say: Texts) -> None:
    """Answers at each level by source, and odd inputs by kind."""
    left, right = st.columns(2, gap="medium")
    with left:
        answers = [
            (
                say("model.answers.at", level=f"{float(level):.0%}", group=group),
                f"{f['n']:,}",
                *(share(f[part]) for part in ("coverage", "coverage_yes", "coverage_no", "one")),
            )
            for level, by in record.conformal.get("levels", {}).items()
            for group, f in by.get(finding, {}).items()
        ]
        heads = ("group", "cases", "held", "held_yes", "held_no", "one")
        table("model.answers", [f"model.answers.{h}" for h in heads], answers, say)
    with right:
        kinds = [
            (
                kind.replace("_", " "),
                say.name("modality", f["modality"]),
                f"{f['n']:,}",
                "–" if f["auroc"] is None else f"{f['auroc']:.3f}",
                share(f["flagged"]),
            )
            for kind, f in record.shift.get("kinds", {}).items()
        ]
        odd = ("kind", "part", "n", "auroc", "flagged")
        table("model.odd", [f"model.odd.{h}" for h in odd], kinds, say)
        alarms = [
            (
                say("model.odd.usual", source=source),
                say.name("modality", modality),
                f"{f['n']:,}",
                "–",
                share(f["flagged"]),
            )
            for modality, sources in record.shift.get("false_alarms", {}).items()
            for source, f in sources.items()
        ]
        if kinds or alarms:
            st.html(markup.facts_table(alarms, head=[say(f"model.odd.{h}") for h in odd]))


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def table(key: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]], say: Texts) -> None:
    """Title, table and what it means; or "not assessed"."""
    st.subheader(say(key), anchor=False)
    if not rows:
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    st.html(markup.facts_table(rows, head=[say(head) for head in heads]))
    st.html(f'<div class="small">{escape(say(f"{key}.caption"))}</div>')
