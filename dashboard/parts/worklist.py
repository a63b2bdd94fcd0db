"""The worklist: which cases wait, were read, are disputed or strange, a page of them at a time."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import get_args

import streamlit as st

from dashboard import listing, markup, state, stored
from dashboard.foreign import escape, verbatim
from dashboard.listing import Cell, Row
from dashboard.text import Texts
from mmbm.store import Wanted, WorklistPage, WorklistRow
from mmbm.store.records import Order, Status

__all__ = ["ask", "filters", "pages", "rows", "table"]

BLIND = ("all", "waiting", "read", "due")  # filters that tell nothing of the model
BLIND_ORDERS = ("oldest", "newest", "patient")


def ask() -> Wanted:
    """What the page shows, and for whose eyes."""
    blind = stored.decides_first()
    return state.wanted().model_copy(update={"blind": blind, "reader": state.reader()})


def filters(findings: tuple[str, ...], counts: dict[str, int], say: Texts) -> None:
    """Status with its number of cases; search, finding, answer and order."""
    blind = stored.decides_first()
    names = [name for name in get_args(Status) if not blind or name in BLIND]
    wanted = state.wanted()
    st.segmented_control(
        say("worklist.status"),
        names,
        format_func=lambda name: verbatim(
            say("worklist.counted", name=say(f"worklist.status.{name}"), n=f"{counts[name]:,}")
        ),
        label_visibility="collapsed",
        required=True,
        **state.choice("status", wanted.status if wanted.status in names else "all"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        st.text_input(
            say("worklist.search"),
            placeholder=say("worklist.search_in"),
            max_chars=200,
            **state.choice("search", wanted.search),
        )
        if not blind:
            st.selectbox(
                say("worklist.finding"),
                ["", *findings],
                format_func=lambda f: (
                    verbatim(say.name("finding", f)) if f else say("worklist.any")
                ),
                **state.choice("finding", wanted.finding if wanted.finding in findings else ""),
            )
            st.selectbox(
                say("worklist.answer"),
                ["", "yes", "not sure", "no"],
                format_func=lambda a: answer_name(a, say) if a else say("worklist.any"),
                disabled=not wanted.finding,
                **state.choice("answer", wanted.answer),
            )
        orders = BLIND_ORDERS if blind else tuple(get_args(Order))
        st.selectbox(
            say("worklist.order"),
            [o for o in orders if o != "probability" or wanted.finding],
            format_func=lambda order: say(f"worklist.order.{order}"),
            **state.choice("order", wanted.order if wanted.order in orders else orders[0]),
        )


def table(found: WorklistPage, say: Texts) -> None:
    """The cases of this page; a click opens one."""
    if not found.rows:
        st.html(f'<div class="blank">{escape(say("worklist.none"))}</div>')
        return
    shown = tuple(row.case.case_id for row in found.rows)
    listing.show(
        [say(f"worklist.head.{name}") for name in HEADS],
        rows(found, say),
        key=state.listing_key("worklist"),
        words={
            "caption": say("worklist.title"),
            "open": say("worklist.open", name="{name}"),
            "mark": say("worklist.mark", name="{name}"),
            "mark_all": say("worklist.mark_all"),
        },
        opened=state.open_from("worklist"),
        marked=state.choose_cases(shown),
    )


HEADS = ("case", "taken", "parts", "state", "model", "reader")


def rows(found: WorklistPage, say: Texts) -> list[Row]:
    """The cells of each case."""
    chosen = state.chosen_cases()
    wanted = state.wanted().finding
    return [
        Row(
            row.case.case_id,
            (
                Cell(named(row)),
                Cell("–" if row.case.taken is None else row.case.taken.isoformat()),
                Cell(say.listed(say.name("modality", m) for m in row.case.modalities), "quiet"),
                standing(row, say),
                model(row, wanted, say),
                readers(row, say),
            ),
            row.case.case_id in chosen,
        )
        for row in found.rows
    ]


def named(row: WorklistRow) -> str:
    """The patient, or the case's own number where none is known."""
    return row.case.patient or row.case.case_id[:8]


def standing(row: WorklistRow, say: Texts) -> Cell:
    """What is to be done with the case, what matters most first."""
    case = row.case
    said = [name for name in ("odd", "disagreed") if getattr(case, name)]
    if case.follow_up is not None and case.follow_up <= date.today():
        said.append("due")
    said.append("read" if case.read else "waiting")
    words = " · ".join(say(f"worklist.status.{name}") for name in said)
    return Cell(words, "caution" if len(said) > 1 else "quiet" if case.read else "loud")


def model(row: WorklistRow, wanted: str, say: Texts) -> Cell:
    """The model's answer to the finding that is asked for, or to its first."""
    if stored.decides_first() and not row.answers:
        return Cell(say("worklist.after_yours"), "quiet")
    finding = wanted if wanted in row.answers else next(iter(row.answers), None)
    if finding is None:
        return Cell(say("worklist.unscored"), "quiet")
    answer = row.answers[finding]
    said = say(
        "worklist.answered",
        finding=say.name("finding", finding),
        answer=answer_name(answer.verdict, say),
        share=markup.percent(answer.probability),
    )
    return Cell(said, "yes" if answer.verdict == "yes" else "")


def readers(row: WorklistRow, say: Texts) -> Cell:
    """Who read the case last, and what he answered to its first finding."""
    if not row.reader:
        return Cell("–", "quiet")
    finals = list(row.finals.values())
    if not finals:
        return Cell(row.reader)
    answer = answer_name(finals[0], say)
    return Cell(say("worklist.read_by", reader=row.reader, answer=answer))


def answer_name(answer: str, say: Texts) -> str:
    return say(f"findings.answer.{answer.replace(' ', '_')}")


def pages(found: WorklistPage, say: Texts) -> None:
    """Which cases of how many these are, and the way to the others."""
    wanted = state.wanted()
    if found.total <= wanted.size:
        return
    last = (found.total - 1) // wanted.size
    first = wanted.page * wanted.size + 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="pages"):
        for key, page in (("previous", wanted.page - 1), ("next", wanted.page + 1)):
            st.button(
                say(f"worklist.{key}"),
                key=f"worklist-{key}",
                disabled=not 0 <= page <= last,
                on_click=partial(state.want, page=page),
            )
        line = say(
            "worklist.range",
            first=f"{first:,}",
            last=f"{first + len(found.rows) - 1:,}",
            total=f"{found.total:,}",
        )
        st.html(f'<div class="small">{escape(line)}</div>', width="content")
