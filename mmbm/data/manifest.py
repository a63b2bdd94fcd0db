"""The manifest: one CSV row a case, with its files, its patient, its split and its labels.

Columns: ``case_id, patient_id, source, split`` (train, val or test), ``image, notes, audio``
(paths relative to the CSV; any may be blank) or ``notes_text``, optionally ``age, sex, view,
assembled`` and ``sound:<event>``; every further column is a finding. A label is 1, 0 or blank for
unknown.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmbm.errors import ManifestError

__all__ = ["Manifest", "even_weights", "read_manifest"]

REQUIRED = ("case_id", "patient_id", "source", "split")
PARTS = ("image", "notes", "audio", "notes_text")
ABOUT = ("age", "sex", "view", "assembled")
SPLITS = ("train", "val", "test")
SOUND = "sound:"
LABELS = {"": np.nan, "0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose every row has been checked."""

    rows: pd.DataFrame  # all columns as text, blank where missing
    findings: tuple[str, ...]
    sound_events: tuple[str, ...]
    folder: Path
    sha256: str

    def labels(self, columns: Sequence[str]) -> NDArray[np.float32]:
        """(cases, columns) float32: 1, 0 or NaN where unknown or where there is no such column."""
        table = self.rows.reindex(columns=list(columns), fill_value="")
        return table.map(LABELS.__getitem__).to_numpy(np.float32, copy=True)

    def sounds(self, events: Sequence[str]) -> NDArray[np.float32]:
        """The same for the sound events."""
        return self.labels([SOUND + event for event in events])

    def path(self, row: int, part: str) -> Path | None:
        """The file of one part of one case, or None where it is blank."""
        name = str(self.rows.at[row, part])
        return self.folder / name if name else None

    def take(self, keep: NDArray[np.bool_]) -> Manifest:
        """Only some of the rows."""
        rows = self.rows[keep].reset_index(drop=True)
        return Manifest(rows, self.findings, self.sound_events, self.folder, self.sha256)


def even_weights(cells: Iterable[str]) -> NDArray[np.float64]:
    """(cases,) so that every distinct cell weighs the same in all."""
    _, index, counts = np.unique(list(cells), return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1.0 / counts[index]
    return weights


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    ManifestError
        No such file, a missing column, or an invalid row, named by line and column.
    """
    try:
        content = path.read_bytes()
        reader = csv.reader(content.decode("utf-8-sig").splitlines(keepends=True), strict=True)
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ManifestError(f"The manifest '{path.name}' could not be read as UTF-8 CSV.") from exc
    if not lines:
        raise ManifestError(f"The manifest '{path.name}' is empty.")
    header = [name.strip() for name in lines[0][1]]
    for name in REQUIRED:
        if name not in header:
            raise ManifestError(
                f"The manifest '{path.name}' has no column '{name}'; "
                f"it needs {', '.join(REQUIRED)}."
            )
    if twice := {name for name in header if header.count(name) > 1}:
        raise ManifestError(f"Column '{min(twice)}' stands twice in '{path.name}'.")
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise ManifestError(
                f"Line {line} of '{path.name}' has {len(cells)} cells; "
                f"the header has {len(header)}."
            )
    rows = pd.DataFrame([cells for _, cells in lines[1:]], columns=header, dtype="object")
    rows = rows.map(str.strip)
    for part in (*PARTS, *ABOUT):
        if part not in rows:
            rows[part] = ""
    known = {*REQUIRED, *PARTS, *ABOUT}
    events = tuple(n.removeprefix(SOUND) for n in header if n.startswith(SOUND))
    findings = tuple(n for n in header if n not in known and not n.startswith(SOUND))
    _check(rows, [line for line, _ in lines[1:]], (*findings, *(SOUND + e for e in events)), path)
    return Manifest(rows, findings, events, path.parent, hashlib.sha256(content).hexdigest())


def _check(rows: pd.DataFrame, lines: list[int], labels: tuple[str, ...], path: Path) -> None:
    """Refuse the first invalid cell, by its line and column."""

    def refuse(row: int, column: str, why: str) -> None:
        raise ManifestError(f"Line {lines[row]} of '{path.name}', column '{column}': {why}.")

    seen: set[str] = set()
    split_of: dict[str, str] = {}
    for i, row in enumerate(rows.to_dict("records")):
        for column in REQUIRED:
            if not row[column]:
                refuse(i, column, "blank, but every case needs it")
        if row["case_id"] in seen:
            refuse(i, "case_id", "stands twice; every case needs its own")
        seen.add(row["case_id"])
        if row["split"] not in SPLITS:
            refuse(i, "split", f"not one of {', '.join(SPLITS)}")
        if split_of.setdefault(row["patient_id"], row["split"]) != row["split"]:
            refuse(i, "split", "this patient stands in another split too")
        if not any(row[part] for part in PARTS):
            refuse(i, "image", "blank, and so are notes and audio; a case needs one of them")
        if row["notes"] and row["notes_text"]:
            refuse(i, "notes_text", "both notes and notes_text are given; keep one")
        for column in labels:
            if row[column] not in LABELS:
                refuse(i, column, "not 1, 0 or blank")
        for column in ("image", "notes", "audio"):
            if row[column] and not (path.parent / row[column]).is_file():
                refuse(i, column, "no such file; paths are relative to the manifest")
