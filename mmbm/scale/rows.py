"""The rows of a manifest, in chunks that any process can read by itself.

A manifest to be scored needs a ``case_id`` and at least one column of parts; patients, splits and
labels may be there and go into the result as they are. It is never in memory as a whole.
"""

from __future__ import annotations

import csv
import hashlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, NamedTuple

import numpy as np

from mmbm.data.manifest import LOCATED, PARTS
from mmbm.data.unread import FIRST, no_column, why_unread
from mmbm.errors import ManifestError
from mmbm.scale.places import Place
from mmbm.text import Sentence, sentence

__all__ = ["Chunk", "Index", "Row", "index_of", "rows_of"]

CASE = "case_id"


@dataclass(frozen=True, slots=True)
class Row:
    """One row, whose files have not been looked for."""

    number: int  # from 0
    line: int  # of the file, from 1
    cells: dict[str, str]
    fault: Sentence | None = None  # why it cannot be scored

    @property
    def case(self) -> str:
        """The name of the case; "" where the row has none."""
        return self.cells.get(CASE, "")


class Chunk(NamedTuple):
    """Rows that are scored and written together."""

    number: int
    first: int  # its first row
    rows: int
    offset: int  # bytes of the file before it
    line: int  # lines of the file before it
    mark: str  # of its cells, to know it by


@dataclass(frozen=True)
class Index:
    """Where the rows of a manifest are."""

    url: str
    header: tuple[str, ...]
    part_columns: tuple[str, ...]  # that hold parts of cases, or where to find them
    chunks: tuple[Chunk, ...]
    rows: int
    sha256: str
    twice: Mapping[int, int]  # rows whose case stands further up already, and in which line

    @property
    def about(self) -> tuple[str, ...]:
        """The columns that say something of a case and hold none of it."""
        return tuple(n for n in self.header if n not in {CASE, *self.part_columns, *LOCATED})


class _Lines:
    """A file's lines as text; counts the bytes and lines that were handed out."""

    def __init__(self, file: IO[bytes], digest: hashlib._Hash | None = None) -> None:
        self.file, self.digest = file, digest
        self.bytes = self.lines = 0
        self.first = b""  # bytes of the file

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.file.readline()
        if not line:
            raise StopIteration
        if self.digest is not None:
            self.digest.update(line)
        first = not self.bytes
        if first:
            self.first = line[:FIRST]
        self.bytes += len(line)
        self.lines += 1
        return line.decode("utf-8-sig" if first else "utf-8")


def index_of(url: str, shard_rows: int, further: tuple[str, ...] = ()) -> Index:
    """Go through a manifest once; ``further`` are columns of parts beside the built-in ones.

    Raises
    ------
    ManifestError
        It cannot be read, is empty, or has no column of cases or of parts.
    """
    place, digest = Place.of(url), hashlib.sha256()
    chunks: list[Chunk] = []
    seen, stood, count = array("q"), array("q"), 0
    lines, whole = None, 0  # lines of the rows that could be read
    try:
        with place.open() as file:
            lines = _Lines(file, digest)
            header = _header(lines, place.name, (*PARTS, *further))
            case, began = header.index(CASE), (lines.bytes, lines.lines)
            start, marked = began, _Mark()
            whole = lines.lines
            for cells in csv.reader(lines, strict=True):
                whole = lines.lines
                if cells:
                    marked.take(cells)
                    name = cells[case].strip() if case < len(cells) else ""
                    name = name or f"\0{count}"  # blank, which is a fault of its own
                    mark = hashlib.blake2b(name.encode(), digest_size=8).digest()
                    seen.append(int.from_bytes(mark, "big", signed=True))
                    stood.append(lines.lines)
                    count += 1
                    if count % shard_rows == 0:
                        chunks.append(_chunk(chunks, shard_rows, start, marked))
                        start, marked = (lines.bytes, lines.lines), _Mark()
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        first = b"" if lines is None else lines.first
        raise ManifestError(why_unread(place.name, exc, whole + 1, first)) from exc
    if count % shard_rows:
        chunks.append(_chunk(chunks, count % shard_rows, start, marked))
    if not count:
        raise ManifestError(sentence("manifest.empty", file=place.name))
    part_columns = tuple(name for name in header if name in {*PARTS, *further})
    return Index(
        url,
        header,
        part_columns,
        tuple(chunks),
        count,
        digest.hexdigest(),
        _twice(seen, stood),
    )


def _twice(seen: array[int], stood: array[int]) -> dict[int, int]:
    """The rows whose name stands further up, and the line that it first stands in."""
    names = np.frombuffer(seen, np.int64)
    known, first = np.unique(names, return_index=True)
    again = np.setdiff1d(np.arange(len(names)), first, assume_unique=True)
    before = first[np.searchsorted(known, names[again])]
    return {int(row): stood[one] for row, one in zip(again, before, strict=True)}


class _Mark:
    """What a chunk's rows hold, in a few bytes."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)

    def take(self, cells: list[str]) -> None:
        """One more row."""
        self._digest.update(repr(cells).encode())

    @property
    def text(self) -> str:
        """Of all rows so far."""
        return self._digest.hexdigest()


def _chunk(before: list[Chunk], rows: int, start: tuple[int, int], marked: _Mark) -> Chunk:
    first = before[-1].first + before[-1].rows if before else 0
    return Chunk(len(before), first, rows, *start, marked.text)


def _header(lines: _Lines, name: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    cells = next(csv.reader(lines, strict=True), [])
    header = tuple(cell.strip() for cell in cells)
    if CASE not in header:
        raise ManifestError(no_column(name, header, CASE, CASE))
    if twice := {n for n in header if header.count(n) > 1}:
        raise ManifestError(sentence("manifest.column_twice", column=min(twice), file=name))
    if not set(parts) & set(header):
        raise ManifestError(sentence("scale.no_part", file=name, columns=", ".join(parts)))
    return header


def rows_of(index: Index, chunk: Chunk) -> list[Row]:
    """The rows of one chunk. Raises ManifestError, where the file is gone or was changed."""
    place, found, marked = Place.of(index.url), [], _Mark()
    try:
        with place.open() as file:
            file.seek(chunk.offset)
            lines = _Lines(file)
            lines.bytes = chunk.offset  # no byte order mark in the middle of a file
            records = (cells for cells in csv.reader(lines, strict=True) if cells)
            for number, cells in enumerate(islice(records, chunk.rows), chunk.first):
                marked.take(cells)
                line = chunk.line + lines.lines
                named = {n: cell.strip() for n, cell in zip(index.header, cells, strict=False)}
                found.append(Row(number, line, named, _fault(index, number, line, cells, named)))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ManifestError(sentence("manifest.unreadable", file=place.name)) from exc
    if marked.text != chunk.mark:
        raise ManifestError(sentence("scale.changed", file=place.name))
    return found


def _fault(
    index: Index, number: int, line: int, cells: list[str], named: dict[str, str]
) -> Sentence | None:
    """What is wrong with a row by itself."""
    name = Place.of(index.url).name

    def of(column: str, code: str, **values: int) -> Sentence:
        reason = sentence(f"manifest.{code}", **values)
        return sentence("manifest.cell", line=line, file=name, column=column, reason=reason)

    if len(cells) != len(index.header):
        columns = len(index.header)
        return sentence("manifest.cells", line=line, file=name, cells=len(cells), columns=columns)
    if not named[CASE]:
        return of(CASE, "fault.blank")
    if number in index.twice:
        return of(CASE, "fault_twice", line=index.twice[number])
    if not any(named[column] for column in index.part_columns):
        return of(index.part_columns[0], "fault.no_part")
    if named.get("notes") and named.get("notes_text"):
        return of("notes_text", "fault.two_notes")
    return None
