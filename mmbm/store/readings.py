"""Readings: every version is kept, the last one counts; first answers, once fixed, stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa
from pydantic import ValidationError

from mmbm.errors import StoreError
from mmbm.reading import LONGEST_TEXT, MOST_MARKS, Answer, Reading
from mmbm.store import tables as t
from mmbm.text import sentence

__all__ = [
    "decision",
    "follow_up",
    "insert",
    "lock",
    "newest",
    "of_readers",
    "refresh",
    "show",
    "versions",
]


def versions(connection: sa.Connection, case_id: str, reader: str | None = None) -> list[Reading]:
    """All of a case, or one reader's, the oldest first."""
    query = sa.select(t.readings.c.content).where(t.readings.c.case_id == case_id)
    if reader is not None:
        query = query.where(t.readings.c.reader == reader)
    found = connection.execute(query.order_by(t.readings.c.reading_id)).scalars()
    return [Reading.model_validate_json(content) for content in found]


def newest(connection: sa.Connection, case_id: str, reader: str | None = None) -> Reading | None:
    """The last one, whoever's or of one reader."""
    found = versions(connection, case_id, reader)
    return found[-1] if found else None


def of_readers(connection: sa.Connection, case_id: str) -> dict[str, Reading]:
    """Each reader's last one."""
    return {reading.reader: reading for reading in versions(connection, case_id)}


def decision(connection: sa.Connection, case_id: str) -> Reading | None:
    """The newest of the readers' last ones that has a final answer, else the newest."""
    last: dict[str, Reading] = {}
    for reading in reversed(versions(connection, case_id)):
        last.setdefault(reading.reader, reading)
    decided = (each for each in last.values() if any(d.final for d in each.decisions))
    return next(decided, next(iter(last.values()), None))


def insert(connection: sa.Connection, case_id: str, reading: Reading, now: datetime) -> None:
    """Keep a version. Raises StoreError where it has other first answers than were fixed."""
    known(connection, case_id)
    fixed = _fixed(connection, case_id, reading.reader)
    if fixed is not None:
        others = {d.finding: d.first for d in reading.decisions if d.first is not None}
        if others != firsts(fixed) or reading.locked_at != fixed.locked_at:
            raise StoreError(sentence("store.first_fixed"))
    elif reading.locked_at is not None:
        raise StoreError(sentence("store.not_locked"))
    _write(connection, case_id, reading, now)


def lock(connection: sa.Connection, case_id: str, reading: Reading, now: datetime) -> Reading:
    """Fix a reader's first answers; returns the reading with the time of it.

    Raises
    ------
    StoreError
        They are fixed already, there is none, or the model's answers were shown to the reader.
    """
    known(connection, case_id)
    if not firsts(reading):
        raise StoreError(sentence("store.no_first"))
    if _fixed(connection, case_id, reading.reader) is not None:
        raise StoreError(sentence("store.first_fixed"))
    seen = sa.select(t.shown).where(
        t.shown.c.case_id == case_id, t.shown.c.reader == reading.reader
    )
    if connection.execute(seen).first() is not None:
        raise StoreError(sentence("store.seen_before"))
    locked = reading.model_copy(update={"locked_at": now})
    _write(connection, case_id, locked, now)
    return locked


def show(connection: sa.Connection, case_id: str, reader: str, now: datetime) -> bool:
    """Note that a reader sees the model's answers; whether it is the first time."""
    known(connection, case_id)
    there = sa.select(t.shown).where(t.shown.c.case_id == case_id, t.shown.c.reader == reader)
    if connection.execute(there).first() is not None:
        return False
    row = {"case_id": case_id, "reader": reader, "at": now.isoformat()}
    connection.execute(sa.insert(t.shown).values(row))
    return True


def follow_up(connection: sa.Connection, case_id: str, day: date | None) -> None:
    """Let the case's row say when the patient is to be seen again."""
    where = t.cases.c.case_id == case_id
    connection.execute(sa.update(t.cases).where(where).values(follow_up=day))


def refresh(connection: sa.Connection, case_id: str) -> None:
    """Let the case's row say whether it is read, and whether reader and model disagree."""
    verdicts = {
        row.finding: row.verdict
        for row in connection.execute(sa.select(t.answers).where(t.answers.c.case_id == case_id))
    }
    found = of_readers(connection, case_id).values()
    read = any(d.final is not None for reading in found for d in reading.decisions)
    apart = any(disagrees(reading, verdicts) for reading in found)
    connection.execute(
        sa.update(t.cases).where(t.cases.c.case_id == case_id).values(read=read, disagreed=apart)
    )


def disagrees(reading: Reading, verdicts: Mapping[str, str]) -> bool:
    """Whether reader and model gave opposite answers to a finding, at first or at last."""
    for made in reading.decisions:
        verdict = verdicts.get(made.finding)
        opposite = {"yes": "no", "no": "yes"}.get(verdict or "")
        if opposite is not None and opposite in (made.first, made.final):
            return True
    return False


def firsts(reading: Reading) -> dict[str, Answer]:
    """The first answers by finding."""
    return {d.finding: d.first for d in reading.decisions if d.first is not None}


def known(connection: sa.Connection, case_id: str) -> None:
    """Raise StoreError where there is no such case."""
    query = sa.select(t.cases.c.case_id).where(t.cases.c.case_id == case_id)
    if connection.execute(query).first() is None:
        raise StoreError(sentence("store.no_case"))


def _fixed(connection: sa.Connection, case_id: str, reader: str) -> Reading | None:
    found = versions(connection, case_id, reader)
    return next((reading for reading in found if reading.locked_at is not None), None)


def _write(connection: sa.Connection, case_id: str, reading: Reading, now: datetime) -> None:
    content = reading.model_dump_json()
    try:
        Reading.model_validate_json(content)  # a copy with other values was never checked
    except ValidationError:
        many = {"characters": LONGEST_TEXT, "marks": MOST_MARKS}
        raise StoreError(sentence("store.reading_too_long", **many)) from None  # it quotes
    connection.execute(
        sa.insert(t.readings).values(
            case_id=case_id,
            reader=reading.reader,
            created=now.isoformat(),
            locked=reading.locked_at is not None,
            content=content,
        )
    )
    refresh(connection, case_id)
