"""Clinical notes by accession number: a folder of text files, or one table.

Files of a folder are found by their names as listed, so that no number leads out of it.
"""

from __future__ import annotations

import csv
from functools import cached_property
from io import StringIO
from pathlib import Path

from mmbm.config import Limits
from mmbm.errors import ConfigError, InputError, TooLarge
from mmbm.text import sentence

__all__ = ["NotesByAccession"]

COLUMNS = ("accession", "notes")
SUFFIX = ".txt"


class NotesByAccession:
    """``source``: a folder, a CSV, or None for no notes at all."""

    def __init__(self, source: Path | None, limits: Limits | None = None) -> None:
        self._source, self._limits = source, limits or Limits()

    def find(self, accession: str) -> bytes | None:
        """The note of an accession number as a text file's bytes; None where there is none.

        Raises
        ------
        ConfigError
            The folder or table cannot be read, or a table is none.
        InputError
            Two notes bear the number, or the file cannot be read or is too large.
        """
        if self._source is None or not accession:
            return None
        if not self._source.is_dir():
            return self._of_table(accession)
        try:
            named = [p for p in self._source.iterdir() if p.name == accession + SUFFIX]
            size = named[0].stat().st_size if named else 0
            if size > (limit := self._limits.file_bytes):
                told = {"megabytes": size / 2**20, "limit": limit / 2**20}
                raise TooLarge(sentence("io.file.too_large", **told))
            return named[0].read_bytes() if named else None
        except OSError as exc:
            raise InputError(sentence("archive.notes.unreadable")) from exc

    def _of_table(self, accession: str) -> bytes | None:
        found = self._table.get(accession, [])
        if len(found) > 1:
            raise InputError(sentence("archive.notes.twice"))
        return found[0].encode() if found and found[0].strip() else None

    @cached_property
    def _table(self) -> dict[str, list[str]]:
        """The notes by accession number. Raises ConfigError."""
        if self._source is None:
            return {}
        try:
            if self._source.stat().st_size > self._limits.file_bytes:
                raise ValueError("too large")
            text = self._source.read_text(encoding="utf-8-sig")
            reader = csv.DictReader(StringIO(text, newline=""), strict=True)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise ValueError("no such columns")
            notes: dict[str, list[str]] = {}
            for row in reader:
                notes.setdefault((row["accession"] or "").strip(), []).append(row["notes"] or "")
        except (OSError, ValueError, csv.Error) as exc:
            columns = ", ".join(COLUMNS)
            raise ConfigError(sentence("archive.notes.table", columns=columns)) from exc
        return notes
