"""The audit: every act by a hash over itself and the one before; it only grows.

An entry names an act, a case by its number, and who did it; never a patient. What is exported or
sent says whether it names the patient. The chain shows a
change or a gap. Who can write the database can also write a whole new chain: note a digest
elsewhere to see that.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import sqlalchemy as sa

from mmbm.store import tables as t
from mmbm.store.records import LOCAL, AuditEntry

__all__ = ["append", "entries", "verified"]

BEGINNING = "0" * 64


def append(connection: sa.Connection, at: datetime, act: str, case_id: str, who: str) -> AuditEntry:
    """Write an entry in a transaction that writes; who is not named acts at this machine."""
    last = connection.execute(
        sa.select(t.audit.c.number, t.audit.c.digest).order_by(t.audit.c.number.desc()).limit(1)
    ).first()
    number, previous = (1, BEGINNING) if last is None else (last.number + 1, last.digest)
    written = {"at": at.isoformat(), "act": act, "case_id": case_id, "who": who or LOCAL}
    digest = _digest(number, previous, written)
    row = written | {"number": number, "previous": previous, "digest": digest}
    connection.execute(sa.insert(t.audit).values(row))
    return AuditEntry.model_validate(row)


def entries(connection: sa.Connection, case_id: str = "") -> tuple[AuditEntry, ...]:
    """All of them, or those of one case, in their order."""
    query = sa.select(t.audit).order_by(t.audit.c.number)
    if case_id:
        query = query.where(t.audit.c.case_id == case_id)
    rows = connection.execute(query).mappings()
    return tuple(AuditEntry.model_validate(dict(row)) for row in rows)


def verified(connection: sa.Connection) -> bool:
    """Whether every entry follows from the one before."""
    previous = BEGINNING
    rows = connection.execute(sa.select(t.audit).order_by(t.audit.c.number)).mappings()
    for number, row in enumerate(rows, 1):
        written = {name: row[name] for name in ("at", "act", "case_id", "who")}
        if row["number"] != number or row["previous"] != previous:
            return False
        if row["digest"] != _digest(number, previous, written):
            return False
        previous = row["digest"]
    return True


def _digest(number: int, previous: str, written: dict[str, str]) -> str:
    said = json.dumps([previous, number, written], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
