"""Cases into a store from files and from a manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmbm.branches.registry import branch_of, known
from mmbm.case import MODALITIES, Modality
from mmbm.errors import UnreadableFile
from mmbm.store.cases import whole
from mmbm.store.records import Given
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["add_files", "add_manifest"]


def add_files(
    store: Store,
    files: Mapping[Modality, Path],
    *,
    patient: str = "",
    taken: date | None = None,
    source: str = "",
    who: str = "",
) -> str:
    """Add one case by its files, which are read first; what is not said comes from the header.

    Raises
    ------
    InputError
        A file that cannot be read: nothing is added.
    """
    parts = {modality: _given(modality, path) for modality, path in files.items()}
    case = whole(parts) if parts else None
    return store.add_case(parts, case=case, patient=patient, taken=taken, source=source, who=who)


def add_manifest(
    store: Store,
    path: Path,
    *,
    labels: bool = True,
    progress: Callable[[int, int], None] = lambda done, of: None,
    who: str = "",
) -> list[str]:
    """Add every row of a manifest; returns the numbers of the cases, beside its rows.

    Files are not decoded here, so what cannot be read is named when it is scored. Sure labels are
    kept as the reference of the team table.

    Raises
    ------
    ManifestError
    """
    from mmbm.data.manifest import read_manifest

    manifest = read_manifest(path)
    added = []
    for number, row in enumerate(manifest.rows.to_dict("records")):
        cells = {str(name): str(cell) for name, cell in row.items()}
        files = {m: manifest.path(number, m) for m in MODALITIES}
        parts = {m: _given(m, file) for m, file in files.items() if file is not None}
        if cells["notes_text"]:
            parts["notes"] = Given(name="", content=cells["notes_text"].encode(), kind="typed")
        case_id = store.add_case(
            parts | _forms(cells),
            patient=cells["patient_id"],
            source=cells["source"],
            sex=_sex(cells["sex"]),
            age=_number(cells["age"]),
            view=cells["view"],
            who=who,
        )
        sure = {f: cells[f] in ("1", "1.0") for f in manifest.findings if cells[f] in SURE}
        if labels and sure:
            store.set_labels(case_id, sure, who)
        added.append(case_id)
        progress(number + 1, len(manifest.rows))
    return added


SURE = ("0", "1", "0.0", "1.0")


def _given(modality: Modality, path: Path) -> Given:
    try:
        return Given(name=path.name, content=path.read_bytes())
    except OSError as exc:
        raise UnreadableFile(sentence(f"io.case.not_opened.{modality}")) from exc


def _forms(cells: Mapping[str, Any]) -> dict[Modality, Given]:
    """The parts that are made of numbers, of modalities that are not built in."""
    found = {}
    for modality in (m for m in known() if m not in MODALITIES):
        branch = branch_of(modality)
        part = branch.part_of_row({column: cells.get(column, "") for column in branch.columns})
        if part is not None and branch.fields:
            content = json.dumps(branch.field_values(part), sort_keys=True).encode()
            found[modality] = Given(name="", content=content, kind="fields")
    return found


def _sex(cell: str) -> str:
    return {"m": "male", "f": "female"}.get(cell.strip().lower()[:1], "")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
