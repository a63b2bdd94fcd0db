"""The teaching list: cases in which reader and model gave opposite answers."""

from __future__ import annotations

import streamlit as st

from dashboard import listing, markup, state, stored
from dashboard.foreign import escape
from dashboard.listing import Cell, Row
from dashboard.parts.worklist import answer_name
from dashboard.text import Texts
from mmbm.reading import Decision, Reading
from mmbm.store import Wanted, WorklistRow

__all__ = ["teaching"]

HEADS = ("case", "finding", "reader", "model", "act", "reason")
MOST = 200  # cases


def teaching(say: Texts) -> None:
    """Who said what against the model, and why; a click opens the case."""
    wanted = Wanted(
        status="disagreed",
        order="newest",
        size=MOST,
        blind=stored.decides_first(),
        reader=state.reader(),
    )
    found = stored.store().worklist(wanted)
    rows = [made for row in found.rows for made in disputes(row, say)]
    if not rows:
        st.html(f'<div class="blank">{escape(say("team.no_dispute"))}</div>')
        return
    st.html(f'<div class="small">{escape(say("team.disputed", n=f"{found.total:,}"))}</div>')
    listing.show(
        [say(f"team.head.{name}") for name in HEADS],
        rows,
        key=state.listing_key("teaching"),
        words={
            "caption": say("team.tab.teaching"),
            "open": say("worklist.open", name="{name}"),
            "mark": "",
            "mark_all": "",
        },
        opened=state.open_from("teaching"),
    )


def disputes(row: WorklistRow, say: Texts) -> list[Row]:
    """A line for each reader and finding whose answers are opposite."""
    latest: dict[str, Reading] = {r.reader: r for r in stored.store().readings(row.case.case_id)}
    return [
        line(row, reading.reader, made, say)
        for reading in latest.values()
        for made in reading.decisions
        if made.finding in row.answers and opposite(made, row.answers[made.finding].verdict)
    ]


def opposite(made: Decision, verdict: str) -> bool:
    """Whether the reader said the opposite of the model, at first or at last."""
    return {"yes": "no", "no": "yes"}.get(verdict, "") in (made.first, made.final)


def line(row: WorklistRow, reader: str, made: Decision, say: Texts) -> Row:
    """One dispute: the reader's answers in their order, and the model's."""
    answer = row.answers[made.finding]
    mine = [answer_name(a, say) for a in dict.fromkeys((made.first, made.final)) if a is not None]
    told = f"{answer_name(answer.verdict, say)}, {markup.percent(answer.probability)}"
    act = say(f"decision.{made.act}") if made.act else "–"
    return Row(
        row.case.case_id,
        (
            Cell(row.case.patient or row.case.case_id[:8]),
            Cell(say.name("finding", made.finding)),
            Cell(say("worklist.read_by", reader=reader, answer=" → ".join(mine))),
            Cell(told),
            Cell(act, "caution" if made.act == "override" else ""),
            Cell(made.reason, "quiet"),
        ),
    )
