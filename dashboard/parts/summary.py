"""A model's record on one screen: what was validated where, and what was not assessed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.foreign import escape
from dashboard.parts.blocks import assessed, blank, small, title
from dashboard.parts.sources import source_name
from dashboard.parts.validated import status_line, validated
from dashboard.text import Texts
from mmbm.card import open_questions, own_facts
from mmbm.findings import not_assessed
from mmbm.record import Record

__all__ = ["summary"]


def summary(
    record: Record, facts: dict[str, Any], findings: tuple[str, ...], finding: str, say: Texts
) -> None:
    """Status, the table of sources, and what nobody looked at."""
    st.html(status_line(record, finding, say))
    table = validated(record, facts, finding, say)
    if table:
        st.html(table)
        small(reading(record, finding, say))
    else:
        blank(say)
    title("model.open", say)
    st.html(unanswered(record, facts, findings, say))


def reading(record: Record, finding: str, say: Texts) -> str:
    """How to read the table, and what weakens a row."""
    thresholds = sorted(
        {f"{by[finding].threshold:.2f}" for by in record.real_parts.values() if finding in by}
    )
    said = say(
        "model.validated.caption",
        threshold=say.listed(thresholds) or "–",
        point=say(f"model.point.{record.operating_point}"),
    )
    if mined := [s for s in record.mined if finding in record.real_parts.get(s, {})]:
        names = say.listed(source_name(s, say) for s in mined)
        said += " " + say("model.mined", sources=names)
    return said


def unanswered(record: Record, facts: dict[str, Any], findings: tuple[str, ...], say: Texts) -> str:
    """A list: other findings, what this model was not asked, what none was."""
    others = [say.of(said) for said in not_assessed(findings).values()]
    lines = [say("model.open.findings", names=say("findings.then").join(others))] if others else []
    silent = [n for n, f in record.sound_events.items() if n not in assessed(record.sound_events)]
    if silent:
        names = say("findings.then").join(say.name("event", name) for name in silent)
        lines.append(say("model.open.events", names=names))
    lines += own_facts(facts, say.language).not_assessed
    lines += [say.of(said) for said in open_questions(record)]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<ul class="open">{items}</ul>'
