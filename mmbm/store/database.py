"""The database of a store: opened, checked and brought to the present form."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from mmbm.errors import StoreDamaged, StoreError
from mmbm.store.tables import HEAD
from mmbm.text import sentence

__all__ = ["Database"]

NAME = "store.sqlite"
WAITS = 30  # s for another process that writes
OLDER = ("0001",)  # migrations before HEAD
PRAGMAS = (
    f"PRAGMA busy_timeout = {WAITS * 1000}",
    "PRAGMA synchronous = FULL",  # what is acknowledged outlives a loss of power
    "PRAGMA secure_delete = ON",  # what is deleted is overwritten
    "PRAGMA temp_store = MEMORY",  # nothing of a case in a temporary file
    "PRAGMA foreign_keys = ON",
)


class Database:
    """The SQLite file in a folder, in WAL mode."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(self.path)),
            connect_args={"timeout": WAITS},
            hide_parameters=True,  # an error never shows a patient's data
        )
        sa.event.listen(self.engine, "connect", _connected)
        sa.event.listen(self.engine, "begin", _begun)

    @classmethod
    def open(cls, folder: Path) -> Database:
        """Raises StoreError, StoreDamaged."""
        database = cls(folder)
        database.path.touch(mode=0o600)
        database.path.chmod(0o600)
        try:
            with database._refusals():
                database._to_wal()
                database._check()
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store."""
        with self._refusals(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """The one transaction that writes; on the disk when it ends."""
        writer = self.engine.execution_options(writes=True)
        with self._refusals(), writer.connect() as connection, connection.begin():
            yield connection

    def forget(self) -> bool:
        """Leave no byte of what was deleted; False while another program reads old pages."""
        with self._refusals(), self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            try:
                raw.execute("VACUUM")
                busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as failed:
                if "locked" in str(failed):
                    return False
                raise
            return not busy

    def faults(self) -> list[str]:
        """What SQLite finds wrong with its own file; empty: nothing."""
        with self._refusals(), self.engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [str(line) for line in found if line != "ok"]

    def _to_wal(self) -> None:
        """Several processes may make one store at the same moment."""
        until = time.monotonic() + WAITS
        while True:
            try:
                with self.engine.connect() as connection:
                    raw: Any = connection.connection.dbapi_connection
                    raw.execute("PRAGMA journal_mode = WAL")
                return
            except (exc.OperationalError, sqlite3.OperationalError) as failed:
                if "locked" not in str(failed) or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _check(self) -> None:
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise StoreDamaged(sentence("store.damaged"))

    def _migrate(self) -> None:
        """Bring the tables to their newest form. Raises StoreError for a store that is newer."""
        with self.writing() as connection:
            found = _version(connection)
            if found == HEAD:
                return
            if found is not None and found not in OLDER:
                raise StoreError(sentence("store.newer"))
            if found is None and sa.inspect(connection).get_table_names():
                raise StoreDamaged(sentence("store.damaged"))
            from mmbm.store.migrations.upgrade import upgrade

            upgrade(connection)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What the database says as one of our own sentences."""
        try:
            yield
        except exc.DBAPIError as failed:  # its own text quotes the statement, whose words mislead
            raise _refusal(str(failed.orig)) from failed
        except sqlite3.Error as failed:
            raise _refusal(str(failed)) from failed
        except exc.SQLAlchemyError as failed:
            raise StoreError(sentence("store.failed")) from failed


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _refusal(said: str) -> StoreError:
    if "not a database" in said or "malformed" in said:
        return StoreDamaged(sentence("store.damaged"))
    if "locked" in said:
        return StoreError(sentence("store.busy", seconds=WAITS))
    if "full" in said or "readonly" in said or "unable to open" in said or "I/O" in said:
        return StoreError(sentence("store.not_written"))
    return StoreError(sentence("store.failed"))


def _connected(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begun says
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begun(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
