"""How well the model knows when it does not know, as its record measured it."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.blocks import share, small, table, title
from dashboard.parts.sources import source_name
from dashboard.text import Texts
from mmbm.record import Record

__all__ = ["measured_trust"]

ANSWERS = ("group", "cases", "held", "held_yes", "held_no", "one")
ODD = ("kind", "part", "n", "auroc", "flagged")
USUAL = "0.9"  # the level that is shown first


def measured_trust(record: Record, finding: str, say: Texts) -> None:
    """Answers by source at a level of the reader's choice, and odd inputs by kind."""
    left, right = st.columns(2, gap="large")
    with left:
        answers(record, finding, say)
    with right:
        odd_inputs(record, say)


def answers(record: Record, finding: str, say: Texts) -> None:
    title("model.answers", say)
    levels = record.conformal.get("levels", {})
    chosen: str = USUAL if USUAL in levels else next(iter(levels), "")
    if levels:
        chosen = (
            st.segmented_control(
                say("model.answers.level"),
                levels,
                default=chosen,
                format_func=lambda level: f"{100 * float(level):g} %",
                key="model-level",
                required=True,
            )
            or chosen
        )
    found = next((by for at, by in levels.items() if at == chosen), {}).get(finding, {})
    table(
        (
            (
                group_name(group, say),
                f"{f['n']:,}",
                *(share(f[part]) for part in ("coverage", "coverage_yes", "coverage_no", "one")),
            )
            for group, f in found.items()
        ),
        [f"model.answers.{head}" for head in ANSWERS],
        say,
    )
    small(say("model.answers.caption"))


def group_name(group: str, say: Texts) -> str:
    """The sources that the answers were fitted on, all of them, or one."""
    if group == "fitted":
        return say("model.answers.fitted")
    return say("model.overall") if group == "all" else source_name(group, say)


def odd_inputs(record: Record, say: Texts) -> None:
    title("model.odd", say)
    kinds = [
        (
            say.name("odd", kind),
            say.name("modality", f["modality"]),
            f"{f['n']:,}",
            "–" if f["auroc"] is None else f"{f['auroc']:.3f}",
            share(f["flagged"]),
        )
        for kind, f in record.shift.get("kinds", {}).items()
    ]
    alarms = [
        (
            say("model.odd.usual", source=source_name(source, say)),
            say.name("modality", modality),
            f"{f['n']:,}",
            "–",
            share(f["flagged"]),
        )
        for modality, sources in record.shift.get("false_alarms", {}).items()
        for source, f in sources.items()
    ]
    table([*kinds, *alarms], [f"model.odd.{head}" for head in ODD], say)
    small(say("model.odd.caption") + ("" if kinds else " " + say("model.odd.none")))
