"""Purging: a case goes without a byte left, and the audit keeps that it went."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from mmbm.errors import StoreError
from mmbm.store import tables as t
from mmbm.store.audit import append
from mmbm.store.blobs import Blobs
from mmbm.store.readings import known
from mmbm.store.records import AuditEntry
from mmbm.text import sentence

__all__ = [
    "REASONS",
    "all_named",
    "delete",
    "due",
    "empty_trash",
    "finished",
    "retention",
    "salt",
    "set_retention",
    "unfinished",
]

REASONS = (
    "by hand",
    "on request",
    "by mistake",
    "retention",
)  # a free text might tell of a patient

OF_A_CASE = (
    t.answers, t.analyses, t.readings, t.shown, t.labels, t.parts, t.exports, t.cases,
)  # fmt: skip
RETENTION, SALT = "retention_days", "salt"
MOST_DAYS = 36_500  # a hundred years
UNCLEAN = "unclean"  # old bytes may be left in the database


def delete(
    connection: sa.Connection, case_id: str, who: str, act: str, now: datetime
) -> tuple[AuditEntry, int, int]:
    """Take a case's rows away in a transaction that writes; its files wait in the trash.

    Returns the audit's entry, how many files wait, and how many rows went. Raises StoreError.
    """
    known(connection, case_id)
    files = {
        sha256
        for table in (t.parts, t.exports)
        for sha256 in connection.execute(
            sa.select(table.c.sha256).where(table.c.case_id == case_id)
        ).scalars()
    }
    rows = 0
    for table in OF_A_CASE:
        rows += connection.execute(sa.delete(table).where(table.c.case_id == case_id)).rowcount
    gone = [sha256 for sha256 in sorted(files) if not named(connection, sha256)]
    for sha256 in gone:
        connection.execute(sa.insert(t.trash).prefix_with("OR IGNORE").values(sha256=sha256))
    _set(connection, UNCLEAN, "yes")
    return append(connection, now, act, case_id, who), len(gone), rows


def empty_trash(connection: sa.Connection, blobs: Blobs) -> None:
    """Take away what waits there and no case uses, in a transaction that writes.

    While it is open nobody can add a case, so no case can come to use a file that goes.
    """
    for sha256 in connection.execute(sa.select(t.trash.c.sha256)).scalars().all():
        if not named(connection, sha256):
            blobs.remove(sha256)
    connection.execute(sa.delete(t.trash))


def unfinished(connection: sa.Connection) -> bool:
    """Whether a purge has left something to take away."""
    waits = connection.execute(sa.select(t.trash)).first() is not None
    return waits or _get(connection, UNCLEAN) is not None


def finished(connection: sa.Connection) -> None:
    """Note that nothing is left."""
    _set(connection, UNCLEAN, None)


def named(connection: sa.Connection, sha256: str) -> bool:
    """Whether a case uses this file."""
    return any(
        connection.execute(sa.select(table.c.case_id).where(table.c.sha256 == sha256)).first()
        for table in (t.parts, t.exports)
    )


def all_named(connection: sa.Connection) -> set[str]:
    """Every file that a case uses."""
    return {
        str(sha256)
        for table in (t.parts, t.exports)
        for sha256 in connection.execute(sa.select(table.c.sha256)).scalars()
    }


def set_retention(connection: sa.Connection, days: int | None) -> None:
    """Keep cases so many days; None: without a limit.

    Raises StoreError for less than a day or more than ``MOST_DAYS``.
    """
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise StoreError(sentence("store.days", most=MOST_DAYS))
    _set(connection, RETENTION, None if days is None else str(days))


def retention(connection: sa.Connection) -> int | None:
    """How many days cases are kept; None: without a limit."""
    days = _get(connection, RETENTION)
    return None if days is None else int(days)


def salt(connection: sa.Connection) -> bytes:
    """The store's secret, made when first asked for, in a transaction that writes."""
    held = _get(connection, SALT)
    if held is None:
        held = secrets.token_hex(16)
        _set(connection, SALT, held)
    return bytes.fromhex(held)


def due(connection: sa.Connection, today: date) -> tuple[str, ...]:
    """The cases that were added longer ago than the store keeps them."""
    days = retention(connection)
    if days is None:
        return ()
    until = today - timedelta(days=min(days, MOST_DAYS))  # an older program took any number
    query = sa.select(t.cases.c.case_id).where(t.cases.c.added < until.isoformat())
    return tuple(connection.execute(query).scalars())


def _get(connection: sa.Connection, name: str) -> str | None:
    query = sa.select(t.settings.c.value).where(t.settings.c.name == name)
    held: str | None = connection.execute(query).scalar()
    return held


def _set(connection: sa.Connection, name: str, value: str | None) -> None:
    connection.execute(sa.delete(t.settings).where(t.settings.c.name == name))
    if value is not None:
        connection.execute(sa.insert(t.settings).values(name=name, value=value))
