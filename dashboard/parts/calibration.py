"""Whether a probability means what it says, as the record measured it."""

from __future__ import annotations

import streamlit as st

from dashboard.figures import evaluation as draw
from dashboard.parts.blocks import block, by_group, leaning, picker, sizes, title
from dashboard.parts.sources import source_name
from dashboard.text import Texts
from mmbm.record import ALL, Record

__all__ = ["calibration"]


def calibration(record: Record, finding: str, say: Texts) -> None:
    """Predicted against observed, and errors among the surest cases."""
    left, right = st.columns(2, gap="large")
    with left:
        reliability(record, finding, say)
    with right:
        risk(record, finding, say)


def reliability(record: Record, finding: str, say: Texts) -> None:
    title("model.reliability", say)
    curves = record.reliability.get(finding, {})
    source = picker("model-reliability-source", (s for s in curves if s != ALL), say)
    used = [b for b in curves.get(source, ()) if b.n]
    count = sum(b.n for b in used)
    found = record.overall if source == ALL else record.by_source.get(source, {})
    f = found.get(finding)
    patients = f"{f.patients:,}" if f else "–"
    caption = say("model.reliability.caption", n=f"{count:,}", patients=patients, bins=len(used))
    if f and f.ece is not None and f.ece_floor is not None:
        caption += " " + say(
            "model.reliability.ece", ece=f"{f.ece:.3f}", floor=f"{f.ece_floor:.3f}"
        )
        caption += leaning([f], say)
    block(
        "model.reliability", (lambda: draw.reliability(used, say)) if used else None, caption, say
    )


def risk(record: Record, finding: str, say: Texts) -> None:
    title("model.risk", say)
    curves = record.risk_coverage.get(finding, {})
    shown = {n: f for n, f in by_group(record.by_source, finding).items() if n in curves}
    caption = say("model.risk.caption", sizes=sizes(shown, say)) + leaning(shown.values(), say)
    named = {
        say("model.overall") if name == ALL else source_name(name, say): curve
        for name, curve in curves.items()
    }
    block("model.risk", (lambda: draw.risk(named, say)) if curves else None, caption, say)
