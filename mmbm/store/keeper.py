"""Keeper: the folder of a store, its audit, and what leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from mmbm.errors import StoreDamaged, StoreError
from mmbm.store import audit, purge
from mmbm.store.blobs import Blobs
from mmbm.store.database import NAME, Database
from mmbm.store.records import AuditEntry, Purged
from mmbm.text import Sentence, sentence

__all__ = ["Keeper"]


class Keeper:
    """A folder that is a store: opened, purged, audited."""

    def __init__(self, folder: Path, database: Database, now: Callable[[], datetime]) -> None:
        self.folder, self.now = folder, now
        self._database, self._blobs = database, Blobs(folder / "files")

    @classmethod
    def open(cls, folder: Path, now: Callable[[], datetime]) -> Self:
        """As :func:`mmbm.store.open_store`."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / NAME).exists() and any(folder.iterdir()):
                raise StoreError(sentence("store.not_empty", folder=folder.name))
            folder.chmod(0o700)
            store = cls(folder, Database.open(folder), now)
        except OSError as exc:
            raise StoreError(sentence("store.not_written")) from exc
        store._tidy()
        store.purge_due()
        return store

    def close(self) -> None:
        """Give back what is open."""
        self._database.close()

    # purging

    def purge(self, case_id: str, by: str = "", why: str = "by hand") -> Purged:
        """Leave no byte of a case, but for the audit's entry that it went."""
        return self.purge_all([case_id], by, why)[0]

    def purge_all(
        self, case_ids: Sequence[str], by: str = "", why: str = "by hand"
    ) -> list[Purged]:
        """Likewise several cases, which takes hardly longer."""
        if why not in purge.REASONS:
            raise StoreError(sentence("store.why", valid=", ".join(purge.REASONS)))
        return self._purged(lambda connection: case_ids, by, why)

    def _purged(
        self, which: Callable[[sa.Connection], Sequence[str]], by: str, why: str
    ) -> list[Purged]:
        """Purge the cases that are chosen in the transaction in which they go."""
        done = []
        with self._database.writing() as connection:
            for case_id in which(connection):
                act = f"purge {why}"
                done.append((case_id, *purge.delete(connection, case_id, by, act, self.now())))
        clean = self._forget() if done else True
        return [
            Purged(case_id=case_id, files=files, rows=rows, entry=entry, clean=clean)
            for case_id, entry, files, rows in done
        ]

    def set_retention(self, days: int | None, who: str = "") -> None:
        """How many days a case is kept after it was added; None: until it is purged by hand."""
        with self._writing("retention", "", who) as connection:
            purge.set_retention(connection, days)

    def retention(self) -> int | None:
        """That number of days."""
        with self._database.reading() as connection:
            return purge.retention(connection)

    def purge_due(self, today: date | None = None, by: str = "") -> list[Purged]:
        """Purge what has been kept as long as it may be."""
        day = today or self.now().date()
        return self._purged(lambda connection: purge.due(connection, day), by, "retention")

    def salt(self) -> bytes:
        """A secret of this store, by which exports call its patients."""
        with self._database.writing() as connection:
            return purge.salt(connection)

    # checks

    def faults(self) -> list[Sentence]:
        """What is wrong with the database, the files or the audit; empty: nothing.

        Reads every file.
        """
        found = [sentence("store.damaged")] if self._database.faults() else []
        with self._database.reading() as connection:
            named = sorted(purge.all_named(connection))
            whole = audit.verified(connection)
        for sha256 in named:
            try:
                self._blobs.get(sha256)
            except StoreDamaged as exc:
                found.append(sentence("store.file_fault", file=sha256[:12], reason=exc.sentence))
        if not whole:
            found.append(sentence("store.audit_broken"))
        return found

    # the audit

    def log(self, act: str, case_id: str = "", who: str = "") -> AuditEntry:
        """Write an act into the audit; never a patient's data."""
        with self._database.writing() as connection:
            return audit.append(connection, self.now(), act, case_id, who)

    def audit(self, case_id: str = "") -> tuple[AuditEntry, ...]:
        """Its entries, all or those of one case."""
        with self._database.reading() as connection:
            return audit.entries(connection, case_id)

    def verify_audit(self) -> bool:
        """Whether every entry of it follows from the one before."""
        with self._database.reading() as connection:
            return audit.verified(connection)

    @contextmanager
    def _writing(self, act: str, case_id: str, who: str) -> Iterator[sa.Connection]:
        """A transaction that writes, with its entry in the audit."""
        with self._database.writing() as connection:
            yield connection
            audit.append(connection, self.now(), act, case_id, who)

    def _forget(self) -> bool:
        """Take away what purges left; False where it must wait for another program."""
        with self._database.writing() as connection:
            purge.empty_trash(connection, self._blobs)
        clean = self._database.forget()
        if clean:
            with self._database.writing() as connection:
                purge.finished(connection)
        return clean

    def _tidy(self) -> None:
        """Finish a purge that a dead process began, and take away what it had half written."""
        with self._database.reading() as connection:
            unfinished = purge.unfinished(connection)
        if unfinished:
            self._forget()
        with self._database.writing() as connection:
            self._blobs.sweep(purge.all_named(connection).__contains__)
