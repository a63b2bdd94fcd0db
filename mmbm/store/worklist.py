"""The worklist: a page of cases by status, finding and search, in an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from mmbm.reading import Reading
from mmbm.store import tables as t
from mmbm.store.cases import stored
from mmbm.store.records import ModelAnswer, StoredCase, Wanted, WorklistPage, WorklistRow

__all__ = ["counts", "page", "wanted_ids"]

Condition = sa.ColumnElement[bool]


def page(connection: sa.Connection, wanted: Wanted, today: date) -> WorklistPage:
    """One page, and how many cases there are on all."""
    conditions = _conditions(wanted, today)
    count = sa.select(sa.func.count()).select_from(t.cases).where(*conditions)
    total = int(connection.execute(count).scalar_one())
    query = _ordered(sa.select(t.cases.c.case_id).where(*conditions), wanted)
    query = query.limit(wanted.size).offset(wanted.page * wanted.size)
    ids = list(connection.execute(query).scalars())  # to sort numbers alone is quicker
    held = stored(connection, sa.select(t.cases).where(t.cases.c.case_id.in_(ids)))
    found = sorted(held, key=lambda case: ids.index(case.case_id))
    return WorklistPage(rows=_rows(connection, found, wanted), total=total)


def wanted_ids(connection: sa.Connection, wanted: Wanted, today: date) -> tuple[str, ...]:
    """The numbers of all cases that are wanted, in their order, whatever the page."""
    query = _ordered(sa.select(t.cases.c.case_id).where(*_conditions(wanted, today)), wanted)
    return tuple(connection.execute(query).scalars())


def counts(connection: sa.Connection, today: date) -> dict[str, int]:
    """How many cases each status has."""
    c = t.cases.c
    sums = {
        "all": sa.func.count(),
        "unscored": _sum(~c.scored),
        "waiting": _sum(~c.read),
        "read": _sum(c.read),
        "disagreed": _sum(c.disagreed),
        "odd": _sum(c.odd),
        "due": _sum(sa.and_(c.follow_up.is_not(None), c.follow_up <= today)),
    }
    query = sa.select(*(made.label(name) for name, made in sums.items())).select_from(t.cases)
    row = connection.execute(query).mappings().one()
    return {name: int(row[name] or 0) for name in sums}


def _sum(condition: Condition) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _conditions(wanted: Wanted, today: date) -> list[Condition]:
    c = t.cases.c
    of_status: dict[str, list[Condition]] = {
        "all": [],
        "unscored": [~c.scored],
        "waiting": [~c.read],
        "read": [c.read],
        "disagreed": [c.disagreed],
        "odd": [c.odd],
        "due": [c.follow_up.is_not(None), c.follow_up <= (wanted.today or today)],
    }
    found = list(of_status[wanted.status])
    if wanted.search.strip():
        for word in wanted.search.casefold().split():
            found.append(c.sought.contains(word, autoescape=True))
    if wanted.source:
        found.append(c.source == wanted.source)
    if wanted.finding and wanted.answer:
        told = sa.select(t.answers.c.case_id).where(
            t.answers.c.finding == wanted.finding, t.answers.c.verdict == wanted.answer
        )
        found.append(c.case_id.in_(told))
    elif wanted.finding:
        told = sa.select(t.answers.c.case_id).where(t.answers.c.finding == wanted.finding)
        found.append(c.case_id.in_(told))
    tells = wanted.status in ("disagreed", "odd") or bool(wanted.finding)
    if wanted.blind and tells:  # a filter by what the model said would say it
        found.append(c.case_id.in_(_locked(wanted.reader)))
    return found


def _locked(reader: str) -> Any:
    """The cases whose first answers this reader has fixed."""
    r = t.readings.c
    return sa.select(r.case_id).where(r.reader == reader, r.locked)


def _ordered(query: Any, wanted: Wanted) -> Any:
    c = t.cases.c
    order = "oldest" if wanted.blind and wanted.order in ("attention", "probability") else None
    order = order or wanted.order
    last = (c.added, c.case_id)
    if order == "newest":
        return query.order_by(c.added.desc(), c.case_id)
    if order == "oldest":
        return query.order_by(*last)
    if order == "patient":
        return query.order_by(c.patient, c.taken, *last)
    if order == "probability" and wanted.finding:
        a = t.answers.c
        told = sa.and_(a.case_id == c.case_id, a.finding == wanted.finding)
        return query.join(t.answers, told).order_by(a.probability.desc(), a.case_id)
    return query.order_by(c.read, c.attention.desc(), *last)


def _rows(
    connection: sa.Connection, found: Sequence[StoredCase], wanted: Wanted
) -> tuple[WorklistRow, ...]:
    ids = [case.case_id for case in found]
    told: dict[str, dict[str, ModelAnswer]] = {case_id: {} for case_id in ids}
    query = sa.select(t.answers).where(t.answers.c.case_id.in_(ids)).order_by(t.answers.c.place)
    for row in connection.execute(query):
        told[row.case_id][row.finding] = ModelAnswer(
            probability=row.probability, logit=row.logit, verdict=row.verdict
        )
    readings: dict[str, Reading] = {}
    locked: set[str] = set()
    query = sa.select(t.readings).where(t.readings.c.case_id.in_(ids))
    for row in connection.execute(query.order_by(t.readings.c.reading_id)):
        readings[row.case_id] = Reading.model_validate_json(row.content)
        if row.locked and row.reader == wanted.reader:
            locked.add(row.case_id)
    return tuple(
        _row(
            case if not wanted.blind or case.case_id in locked else _withheld(case),
            readings.get(case.case_id),
            told[case.case_id] if not wanted.blind or case.case_id in locked else {},
        )
        for case in found
    )


def _withheld(case: StoredCase) -> StoredCase:
    """Without what the model said."""
    return case.model_copy(update={"odd": False, "attention": None, "disagreed": False})


def _row(case: StoredCase, reading: Reading | None, told: dict[str, ModelAnswer]) -> WorklistRow:
    made = () if reading is None else reading.decisions
    return WorklistRow(
        case=case,
        reader="" if reading is None else reading.reader,
        locked=reading is not None and reading.locked_at is not None,
        answers=told,
        finals={d.finding: d.final for d in made if d.final is not None},
    )
