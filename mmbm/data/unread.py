"""Why a file is no manifest: what it is instead, or what to put right in it."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from mmbm.text import Sentence, sentence

__all__ = ["FIRST", "no_column", "why_unread"]

FIRST = 8  # bytes that tell what a file is
FOREIGN = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
}
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def why_unread(name: str, failed: Exception, line: int, first: bytes) -> Sentence:
    """Why reading failed.

    ``line`` is where the row begins that could not be read, ``first`` the file's first bytes.
    """
    if isinstance(failed, FileNotFoundError | NotADirectoryError):
        return sentence("manifest.absent", file=name)
    if isinstance(failed, IsADirectoryError):
        return sentence("manifest.folder", file=name)
    if isinstance(failed, OSError):
        return sentence("manifest.not_opened", file=name)
    for start, kind in FOREIGN.items():
        if first.startswith(start):
            return sentence(f"manifest.foreign.{kind}", file=name)
    if isinstance(failed, csv.Error):
        said = str(failed)
        if "field larger" in said:
            return sentence("manifest.long_cell", line=line, file=name)
        if "end of data" in said or "expected after" in said:
            return sentence("manifest.quote", line=line, file=name)
    return sentence("manifest.unreadable", file=name)


def no_column(name: str, header: Sequence[str], column: str, needed: str) -> Sentence:
    """What to say where a column is missing: what parts the others, or which is meant."""
    for separator, named in SEPARATORS.items():
        if column in (cell.strip() for cell in ",".join(header).split(separator)):
            return sentence(f"manifest.separator.{named}", file=name)
    near = next((other for other in header if _letters(other) == _letters(column)), None)
    if near is not None:
        return sentence("manifest.near_column", file=name, near=near, column=column)
    return sentence("manifest.no_column", file=name, column=column, needed=needed)


def _letters(column: str) -> str:
    return "".join(c for c in column.casefold() if c.isalnum())
