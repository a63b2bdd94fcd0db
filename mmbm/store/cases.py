"""Cases and their parts: in, out, and read again into a Case."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from mmbm.branches.registry import branch_of
from mmbm.case import Case, Modality
from mmbm.errors import StoreError
from mmbm.io import read_notes, read_picture, read_sound, typed_notes
from mmbm.store import tables as t
from mmbm.store.blobs import Blobs, sha256_of
from mmbm.store.records import Given, StoredCase
from mmbm.text import sentence

__all__ = [
    "About",
    "about",
    "case_key",
    "insert",
    "numbers",
    "part_of",
    "stored",
    "stored_parts",
    "whole",
]


class About:
    """What is known of a case beside its parts; blank or None where nothing is."""

    def __init__(
        self,
        patient: str = "",
        taken: date | None = None,
        source: str = "",
        sex: str = "",
        age: float | None = None,
        view: str = "",
    ) -> None:
        self.known: dict[str, Any] = {
            "patient": patient,
            "taken": taken,
            "source": source,
            "sex": sex,
            "age": age,
            "view": view,
        }

    def filled(self, other: About) -> About:
        """What is not known here, as the other says."""
        mine = {name: _or(value, other.known[name]) for name, value in self.known.items()}
        return About(**mine)


def _or(value: Any, other: Any) -> Any:
    return other if value is None or value == "" else value


def about(case: Case | None) -> About:
    """What a case's X-ray says of it."""
    if case is None or case.image is None:
        return About()
    image = case.image
    return About(
        patient=image.patient.identifier,
        taken=image.study.taken,
        sex=image.patient.sex,
        age=image.patient.years,
        view=image.view,
    )


def case_key(parts: Mapping[Modality, Given]) -> str:
    """The sha256 of what was handed in; the names of the files say nothing in it."""
    said = [
        [modality, given.kind, given.frame, sha256_of(given.content)]
        for modality, given in sorted(parts.items())
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def insert(
    connection: sa.Connection,
    blobs: Blobs,
    parts: Mapping[Modality, Given],
    known: About,
    key: str,
    now: datetime,
) -> tuple[str, bool]:
    """The number of a case, and whether it is a new one, in a transaction that writes.

    Words and numbers can be the same of two patients, a picture or a recording cannot.
    """
    patient, held = known.known["patient"], _held(connection, key)
    if held is not None and held.patient != patient and _written(parts):
        key = hashlib.sha256(f"{key} {patient}".encode()).hexdigest()
        held = _held(connection, key)
    if held is not None:
        return str(held.case_id), False
    case_id = secrets.token_hex(8)
    connection.execute(
        sa.insert(t.cases).values(
            **known.known,
            case_id=case_id,
            key=key,
            added=now.isoformat(),
            sought=sought(case_id, known),
            scored=False,
            read=False,
            disagreed=False,
            odd=False,
        )
    )
    rows = [
        {
            "case_id": case_id,
            "modality": modality,
            "place": place,
            "name": given.name,
            "kind": given.kind,
            "frame": given.frame,
            "sha256": blobs.put(given.content),  # a purge may have taken away what was put before
        }
        for place, (modality, given) in enumerate(parts.items())
    ]
    connection.execute(sa.insert(t.parts), rows)
    return case_id, True


def _held(connection: sa.Connection, key: str) -> Any:
    columns = t.cases.c
    query = sa.select(columns.case_id, columns.patient).where(columns.key == key)
    return connection.execute(query).first()


def _written(parts: Mapping[Modality, Given]) -> bool:
    """Whether there is nothing but notes and numbers."""
    return all(modality == "notes" or given.kind == "fields" for modality, given in parts.items())


def fill(connection: sa.Connection, case_id: str, found: About) -> None:
    """Add what was not known of a case before."""
    row = connection.execute(sa.select(t.cases).where(t.cases.c.case_id == case_id)).mappings()
    held = row.one()
    known = About(**{name: held[name] for name in About().known}).filled(found)
    if any(held[name] != value for name, value in known.known.items()):
        values = known.known | {"sought": sought(case_id, known)}
        connection.execute(sa.update(t.cases).where(t.cases.c.case_id == case_id).values(values))


def sought(case_id: str, known: About) -> str:
    """What a search looks in."""
    taken = known.known["taken"]
    words = (known.known["patient"], known.known["source"], taken.isoformat() if taken else "")
    return "\n".join((case_id, *words)).casefold()


def stored(connection: sa.Connection, query: Any) -> tuple[StoredCase, ...]:
    """The cases that a query of the table gives, in its order."""
    rows = list(connection.execute(query).mappings())
    modalities: dict[str, list[str]] = {row["case_id"]: [] for row in rows}
    found = connection.execute(
        sa.select(t.parts.c.case_id, t.parts.c.modality)
        .where(t.parts.c.case_id.in_(modalities))
        .order_by(t.parts.c.place)
    )
    for part in found:
        modalities[part.case_id].append(part.modality)
    left_out = {"key", "sought"}
    return tuple(
        StoredCase.model_validate(
            {name: value for name, value in row.items() if name not in left_out}
            | {"modalities": tuple(modalities[row["case_id"]])}
        )
        for row in rows
    )


def stored_parts(connection: sa.Connection, blobs: Blobs, case_id: str) -> dict[Modality, Given]:
    """A case's parts as they were handed in. Raises StoreError, StoreDamaged."""
    rows = connection.execute(
        sa.select(t.parts).where(t.parts.c.case_id == case_id).order_by(t.parts.c.place)
    ).all()
    if not rows:
        raise StoreError(sentence("store.no_case"))
    return {
        row.modality: Given(
            name=row.name, content=blobs.get(row.sha256), kind=row.kind, frame=row.frame
        )
        for row in rows
    }


def numbers(given: Given) -> dict[str, float | None]:
    """The numbers of a form, by field."""
    found: dict[str, float | None] = json.loads(given.content)
    return found


def part_of(modality: Modality, given: Given) -> Any:
    """The part of a case that was handed in. Raises InputError."""
    if given.kind == "fields":
        return branch_of(modality).part_of_fields(numbers(given))
    if given.kind in ("typed", "dictated"):
        return typed_notes(given.content.decode(), dictated=given.kind == "dictated")
    readers = {"notes": read_notes, "audio": read_sound}
    if modality in readers:
        return readers[modality](given.content, given.name)
    return read_picture(given.content, given.name, frame=given.frame)


def whole(parts: Mapping[Modality, Given]) -> Case:
    """The parts as a case. Raises InputError."""
    return Case(**{modality: part_of(modality, given) for modality, given in parts.items()})
