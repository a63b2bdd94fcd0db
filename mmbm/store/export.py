"""Decided cases as a manifest, with the readings as labels: what calibration and training read."""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmbm.branches.registry import branch_of
from mmbm.errors import InputError, StoreError
from mmbm.readers import DecidedCase
from mmbm.reading import Reading
from mmbm.store.cases import numbers
from mmbm.store.cleaned import cleaned
from mmbm.store.records import Given, named
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["Exported", "export_decided"]

MANIFEST, FILES = "manifest.csv", "files"
LABELS = {"yes": "1", "no": "0"}
OLDEST = 90.0  # years; whoever is older is said to be so old, for there are few
NEGATIVE = ("no_finding",)  # a yes to it says that nothing is there to be marked


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    manifest: Path
    cases: int
    patients: int
    splits: dict[str, int]  # cases by split
    left_out: int  # decided cases whose picture is not the first frame of its file
    unclean: int = 0  # decided cases with a file out of which names could not be taken
    lettered: tuple[str, ...] = ()  # cases without names whose X-ray seems to have text burned in


def export_decided(store: Store, out: Path, who: str = "", *, identified: bool = False) -> Exported:
    """Write the decided cases and their files into an empty or new folder.

    A label is the final answer of the case's readers; blank where nobody is sure or two are
    opposed. Patients are called by numbers that only this store can make, and all of one
    patient's cases are in one split, the same in every export; a case without a patient counts as
    one. Names are taken out of headers, files and notes (:mod:`mmbm.store.cleaned`), unless
    ``identified`` asks for the files as they were handed in.

    Raises
    ------
    ConfigError
        The extra "privacy" is not installed.
    StoreError
        Nothing was decided, or the folder holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise StoreError(sentence("store.export_folder", folder=out.name))
    by_case: dict[str, list[DecidedCase]] = {}
    for made in store.decided():
        if any(d.final is not None for d in made.reading.decisions):
            by_case.setdefault(made.case_id, []).append(made)
    if not by_case:
        raise StoreError(sentence("store.nothing_decided"))
    findings = _findings(by_case.values())
    salt, rows, left_out, unclean = store.salt(), [], 0, 0
    lettered: list[str] = []
    (out / FILES).mkdir(mode=0o700, parents=True, exist_ok=True)
    for case_id, readings in by_case.items():
        parts = store.parts(case_id)
        if any(given.frame for given in parts.values()):
            left_out += 1  # a manifest names a file, not one of its frames
            continue
        if not identified:
            patient = readings[0].patient
            try:
                clean = {m: cleaned(m, g, salt=salt, patient=patient) for m, g in parts.items()}
            except InputError:
                unclean += 1
                continue
            parts = {modality: made.given for modality, made in clean.items()}
            if any(made.lettered for made in clean.values()):
                lettered.append(case_id)
        row = _row(readings, findings, salt, identified)
        for modality, given in parts.items():
            row |= _cells(out, case_id, modality, given)
        rows.append(row)
    splits = _splits([row["patient_id"] for row in rows])
    for row in rows:
        row["split"] = splits[row["patient_id"]]
    _write(out / MANIFEST, rows)
    store.log(f"export decided {named(identified)}", who=who)
    counted = [row["split"] for row in rows]
    return Exported(
        manifest=out / MANIFEST,
        cases=len(rows),
        patients=len(splits),
        splits={name: counted.count(name) for name in ("train", "val", "test")},
        left_out=left_out,
        unclean=unclean,
        lettered=tuple(lettered),
    )


def _findings(cases: Iterable[Sequence[DecidedCase]]) -> tuple[str, ...]:
    """All that were asked, by the model or a reader: the model's need a column each."""
    named: dict[str, None] = {}
    for readings in cases:
        for made in readings:
            named |= dict.fromkeys(made.model)
            named |= dict.fromkeys(d.finding for d in made.reading.decisions)
    return tuple(named)


def _row(
    readings: Sequence[DecidedCase], findings: Sequence[str], salt: bytes, identified: bool
) -> dict[str, str]:
    case = readings[0]
    age = case.age if identified or case.age is None else min(case.age, OLDEST)
    name = case.patient or case.case_id
    made = [reading.reading for reading in readings]
    labels = {finding: _label(made, finding) for finding in findings}
    return {
        "case_id": case.case_id,
        "patient_id": hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()[:16],
        "source": case.source or "store",
        "split": "",
        "image": "",
        "notes": "",
        "audio": "",
        "notes_text": "",
        "age": "" if age is None else f"{age:g}",
        "sex": case.sex,
        "view": case.view,
        "boxes": _boxes(made, labels),
        **labels,
    }


def _label(readings: Sequence[Reading], finding: str) -> str:
    told = {d.final for reading in readings if (d := reading.decision(finding)) is not None}
    sure = [label for answer, label in LABELS.items() if answer in told]
    return sure[0] if len(sure) == 1 else ""


def _boxes(readings: Sequence[Reading], labels: dict[str, str]) -> str:
    """What readers boxed on a film in which they found something."""
    if not any(label == "1" for name, label in labels.items() if name not in NEGATIVE):
        return ""
    found = []
    for mark in (mark for reading in readings for mark in reading.marks):
        if mark.kind == "box" and mark.frame == 0 and len(mark.points) == 2:
            (x0, y0), (x1, y1) = mark.points
            corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            found.append([min(max(corner, 0.0), 1.0) for corner in corners])
    kept = [box for box in found if box[0] < box[2] and box[1] < box[3]]
    return "|".join(" ".join(f"{corner:.4f}" for corner in box) for box in kept)


def _cells(out: Path, case_id: str, modality: str, given: Given) -> dict[str, str]:
    """One part's cells; a file is written beside the manifest."""
    if given.kind in ("typed", "dictated"):
        return {"notes_text": given.content.decode()}
    if given.kind == "fields":
        values, branch = numbers(given), branch_of(modality)
        named = zip(branch.columns, branch.fields, strict=True)
        cells = {column: values.get(field.name) for column, field in named}
        return {column: "" if v is None else repr(v) for column, v in cells.items()}
    suffix = Path(given.name).suffix.lower()
    ending = suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
    name = f"{FILES}/{case_id}-{re.sub(r'[^a-z0-9_]', '_', modality)}{ending}"
    (out / name).write_bytes(given.content)
    (out / name).chmod(0o600)
    return {modality: name}


def _splits(patients: Sequence[str]) -> dict[str, str]:
    """Each patient's split, from the number alone; one is moved to train or val that had none."""
    from mmbm.data.sources.splits import SHARES, place_of, split_of

    ordered = sorted(set(patients), key=place_of)
    splits: dict[str, str] = {patient: split_of(patient) for patient in ordered}
    if len(ordered) > 1:
        if "train" not in splits.values():
            splits[ordered[0]] = "train"
        if "val" not in splits.values():
            middle = SHARES["train"] + SHARES["val"] / 2
            splits[min(ordered[1:], key=lambda p: abs(place_of(p) - middle))] = "val"
    return splits


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    path.chmod(0o600)
