"""The manifest: one CSV row a case, with its files, its patient, its split and its labels.

Columns: ``case_id, patient_id, source, split`` (train, val or test), ``image, notes, audio``
(paths relative to the CSV; any may be blank) or ``notes_text``, optionally ``age, sex, view,
assembled``, ``boxes`` and ``events`` (:mod:`mmbm.data.located`) and ``sound:<event>``; ``arm,
visit, time, event, start_date, end_date`` are for ``mmbm cohort``; every further column is a
finding. A label is 1, 0 or blank for unknown; in train it may be a probability.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmbm.branches.registry import branch_of, known
from mmbm.case import MODALITIES
from mmbm.data.located import Box, Event, read_boxes, read_events
from mmbm.data.unread import FIRST, no_column, why_unread
from mmbm.errors import ManifestError
from mmbm.text import Sentence, name_of, sentence

__all__ = [
    "Fault",
    "Manifest",
    "even_weights",
    "mined_sources",
    "read_manifest",
    "scan_manifest",
]

REQUIRED = ("case_id", "patient_id", "source", "split")
PARTS = ("image", "notes", "audio", "notes_text")
ABOUT = ("age", "sex", "view", "assembled")
COHORT = ("arm", "visit", "time", "event", "start_date", "end_date")  # for mmbm cohort
LOCATED = ("boxes", "events")  # where on the film, when in the recording
SPLITS = ("train", "val", "test")
SOUND = "sound:"
Kind = Literal["row", "label", "patient", "file"]  # what of a row is at fault
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
        """(cases, columns) float32 in [0, 1]; NaN where unknown or where there is no such column.

        Between 0 and 1 in train alone.
        """
        table = self.rows.reindex(columns=list(columns), fill_value="")
        return table.map(_label).to_numpy(np.float32, copy=True)

    def sounds(self, events: Sequence[str]) -> NDArray[np.float32]:
        """The same for the sound events."""
        return self.labels([SOUND + event for event in events])

    def path(self, row: int, part: str) -> Path | None:
        """The file of one part of one case, or None where it is blank."""
        name = str(self.rows.at[row, part])
        return self.folder / name if name else None

    def boxes(self, row: int) -> tuple[Box, ...]:
        """Where on one case's film people marked what they saw."""
        return read_boxes(str(self.rows.at[row, "boxes"]))

    def events(self, row: int) -> tuple[Event, ...]:
        """When in one case's recording people heard what."""
        return read_events(str(self.rows.at[row, "events"]))

    def take(self, keep: NDArray[np.bool_]) -> Manifest:
        """Only some of the rows."""
        rows = self.rows[keep].reset_index(drop=True)
        return Manifest(rows, self.findings, self.sound_events, self.folder, self.sha256)


@dataclass(frozen=True, slots=True)
class Fault:
    """One invalid cell."""

    row: int  # from 0
    line: int  # of the file, from 1
    column: str
    why: str
    kind: Kind

    def said(self, name: str) -> Sentence:
        """What to say of it in the manifest ``name``."""
        return sentence(
            "manifest.cell", line=self.line, file=name, column=self.column, reason=self.why
        )


def further_columns() -> tuple[str, ...]:
    """The columns of modalities that are not built in."""
    added = (modality for modality in known() if modality not in MODALITIES)
    return tuple(column for modality in added for column in branch_of(modality).columns)


def _label(cell: str) -> float:
    """1, 0, NaN for blank, or a probability. Raises ValueError for anything else."""
    if cell in LABELS:
        return LABELS[cell]
    probability = float(cell)
    if not 0.0 <= probability <= 1.0:
        raise ValueError(cell)
    return probability


def _is_label(cell: str, split: str) -> bool:
    try:
        _label(cell)
    except ValueError:
        return False
    return cell in LABELS or split == "train"


def even_weights(cells: Iterable[str]) -> NDArray[np.float64]:
    """(cases,) so that every distinct cell weighs the same in all."""
    _, index, counts = np.unique(list(cells), return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1.0 / counts[index]
    return weights


def mined_sources(manifest: Manifest) -> tuple[str, ...]:
    """The public sources whose labels were mined from report text, or indexed from it.

    NIH's are, but where the readings of radiologists came with it, and then some film has a box.
    """
    rows = manifest.rows
    known = {"chexpert", "mimic_cxr", "openi"}
    if not ((rows["source"] == "nih") & (rows["boxes"] != "")).any():
        known.add("nih")
    return tuple(sorted(known & set(rows["source"])))


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    ManifestError
        No such file, a missing column, or an invalid row, named by line and column.
    """
    manifest, lines = _read(path)
    for fault in _faults(manifest, lines):
        raise ManifestError(fault.said(path.name))
    return manifest


def scan_manifest(path: Path) -> tuple[Manifest, list[Fault]]:
    """Read a manifest and list every invalid cell; invalid labels are blank in the result.

    Raises
    ------
    ManifestError
        No such file, a missing column, or lines of different lengths.
    """
    manifest, lines = _read(path)
    faults = list(_faults(manifest, lines))
    for fault in faults:
        if fault.kind == "label":
            manifest.rows.at[fault.row, fault.column] = ""
    return manifest, faults


def _read(path: Path) -> tuple[Manifest, list[int]]:
    """The manifest before its rows are checked, and the line of each row."""
    content, lines, read = b"", [], 0
    try:
        content = path.read_bytes()
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        reader = csv.reader(text, strict=True)
        for cells in reader:
            read = reader.line_num
            if cells:
                lines.append((read, cells))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ManifestError(why_unread(path.name, exc, read + 1, content[:FIRST])) from exc
    if not lines:
        raise ManifestError(sentence("manifest.empty", file=path.name))
    header = [name.strip() for name in lines[0][1]]
    for name in REQUIRED:
        if name not in header:
            raise ManifestError(no_column(path.name, header, name, ", ".join(REQUIRED)))
    if twice := {name for name in header if header.count(name) > 1}:
        raise ManifestError(sentence("manifest.column_twice", column=min(twice), file=path.name))
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise ManifestError(
                sentence(
                    "manifest.cells",
                    line=line,
                    file=path.name,
                    cells=len(cells),
                    columns=len(header),
                )
            )
    rows = pd.DataFrame([cells for _, cells in lines[1:]], columns=header, dtype="object")
    rows = rows.map(str.strip)
    for part in (*PARTS, *ABOUT, *LOCATED):
        if part not in rows:
            rows[part] = ""
    others = {*REQUIRED, *PARTS, *ABOUT, *COHORT, *LOCATED, *further_columns()}
    events = tuple(n.removeprefix(SOUND) for n in header if n.startswith(SOUND))
    findings = tuple(n for n in header if n not in others and not n.startswith(SOUND))
    made = Manifest(rows, findings, events, path.parent, hashlib.sha256(content).hexdigest())
    return made, [line for line, _ in lines[1:]]


def _faults(manifest: Manifest, lines: Sequence[int]) -> Iterator[Fault]:
    """Every invalid cell, row by row."""
    labels = (*manifest.findings, *(SOUND + event for event in manifest.sound_events))
    seen: dict[str, int] = {}  # the line of each case
    split_of: dict[str, str] = {}
    for i, row in enumerate(manifest.rows.to_dict("records")):

        def fault(column: str, why: str, kind: Kind = "row", i: int = i) -> Fault:
            return Fault(i, lines[i], column, why, kind)

        for column in REQUIRED:
            if not row[column]:
                yield fault(column, sentence("manifest.fault.blank"))
        if row["case_id"] in seen:
            first = seen[row["case_id"]]
            yield fault("case_id", sentence("manifest.fault_twice", line=first))
        seen.setdefault(row["case_id"], lines[i])
        if row["split"] not in SPLITS:
            yield fault("split", sentence("manifest.fault_split", valid=", ".join(SPLITS)))
        if split_of.setdefault(row["patient_id"], row["split"]) != row["split"]:
            yield fault("split", sentence("manifest.fault.other_split"), "patient")
        if not any(row.get(part) for part in (*PARTS, *further_columns())):
            yield fault("image", sentence("manifest.fault.no_part"))
        if row["notes"] and row["notes_text"]:
            yield fault("notes_text", sentence("manifest.fault.two_notes"))
        for column in labels:
            if not _is_label(row[column], row["split"]):
                yield fault(column, sentence("manifest.fault.not_a_label"), "label")
        for column, why in _misplaced(row):
            yield fault(column, why, "label")
        for column in ("image", "notes", "audio"):
            if row[column] and not (manifest.folder / row[column]).is_file():
                why = sentence("manifest.fault.no_file")
                yield fault(column, why, "file")


def _misplaced(row: dict[Hashable, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a row's boxes and events, by column."""
    for column, read, part in (("boxes", read_boxes, "image"), ("events", read_events, "audio")):
        try:
            marks = read(row[column])
        except ValueError as exc:
            yield column, str(exc)
            continue
        if marks and not row[part]:
            given = name_of("modality", part)
            yield column, sentence("manifest.fault_without_part", part=given)
