"""Odd inputs: a CSV of files that the model should not take at their word, by kind.

Columns ``kind, modality`` (image, notes or audio) and ``path``, relative to the CSV.
``benchmarks/odd_inputs.py`` writes one from the public sources.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmbm.case import Case, Modality
from mmbm.errors import InputError, ManifestError
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.text import sentence

__all__ = ["OddInput", "read_odd"]

COLUMNS = ("kind", "modality", "path")
READERS: dict[Modality, Callable[[bytes, str], Any]] = {
    "image": read_picture,
    "notes": read_notes,
    "audio": read_sound,
}


@dataclass(frozen=True, slots=True)
class OddInput:
    """One file of a kind the model never learned."""

    kind: str
    modality: Modality
    path: Path

    def read(self) -> Case:
        """A case of this one part. Raises ManifestError, by the file's name."""
        try:
            part = READERS[self.modality](self.path.read_bytes(), self.path.name)
        except InputError as exc:
            raise ManifestError(
                sentence("manifest.problem", file=self.path.name, reason=exc.sentence)
            ) from exc
        return Case(**{self.modality: part})


def read_odd(path: Path) -> list[OddInput]:
    """The files that a CSV lists.

    Raises
    ------
    ManifestError
        No such file, a missing column, or an invalid row, named by its line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ManifestError(sentence("evaluate.odd_unreadable", file=path.name)) from exc
    listed = []
    for line, row in enumerate(rows, 2):
        if any(not row.get(column) for column in COLUMNS):
            raise ManifestError(
                sentence("evaluate.odd_row", line=line, file=path.name, columns=", ".join(COLUMNS))
            )
        if row["modality"] not in READERS:
            why = sentence("manifest.fault_split", valid=", ".join(READERS))
            raise ManifestError(
                sentence("manifest.cell", line=line, file=path.name, column="modality", reason=why)
            )
        if not (path.parent / row["path"]).is_file():
            why = sentence("manifest.fault.no_file")
            raise ManifestError(
                sentence("manifest.cell", line=line, file=path.name, column="path", reason=why)
            )
        listed.append(OddInput(row["kind"], row["modality"], path.parent / row["path"]))
    return listed
