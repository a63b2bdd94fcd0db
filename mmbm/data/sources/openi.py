"""Open-I, Indiana University chest films (Demner-Fushman et al., JAMIA 2016; CC BY-NC-ND 4.0).

One report is one patient. Labels are the MeSH terms that people gave the report. The note is its
indication, disease names masked: all else was written from the film. Its licence allows no
derivatives, so every row is for testing.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pandas as pd

from mmbm.data.masking import mask_disease_names
from mmbm.data.sources.layout import files_by_name, find, layout, look_for, note, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["FOLDER", "LAYOUT", "read"]

FOLDER = "notes/openi"
LAYOUT = "openi"
UNLABELLED = {"no indexing", "technical quality of image unsatisfactory"}
NAMED = {
    "pneumonia": ("pneumonia",),
    "effusion": ("pleural effusion",),
    "atelectasis": ("pulmonary atelectasis", "atelectasis"),
    "infiltration": ("infiltrate",),
    "edema": ("pulmonary edema",),
    "consolidation": ("consolidation",),
}


def read(folder: Path) -> pd.DataFrame:
    """Read every film whose report is indexed; frontal ones only where that can be told.

    A copy of the reports alone, listed in a ``reports.csv``, gives cases with a note and no film.
    Raises ManifestError.
    """
    if (folder / "reports.csv").is_file():
        return _copy(folder)
    reports = find(folder, "ecgen-radiology", expected=LAYOUT)
    films = {_plain(name): p for name, p in files_by_name(folder, (".png", ".dcm", ".jpg")).items()}
    frontal = _frontal(folder)
    rows: list[dict[str, Any]] = []
    missing = 0
    for path in sorted(reports.glob("*.xml"), key=lambda p: (len(p.stem), p.stem)):
        report = _parse(path)
        labels = _labels(report)
        if labels is None:
            continue
        text = _note(report)
        for image in report.iter("parentImage"):
            key = _plain(image.get("id", ""))
            if frontal is not None and key not in frontal:
                continue
            film = films.get(key)
            missing += film is None
            if film is not None:
                rows.append(
                    {
                        "patient_id": f"openi_{path.stem}",
                        "name": key,
                        "image": str(film.absolute()),
                        "note": text,
                        **labels,
                    }
                )
    if not rows:
        raise ManifestError(sentence("source.no_case", folder=folder.name, expected=layout(LAYOUT)))
    if missing:
        note(sentence("source.left_out.films", count=missing))
    if frontal is None:
        note(sentence("source.no_projections"))
    table = pd.DataFrame(rows).assign(official="test")
    return split_by_patient(drop_duplicates(recipe_rows("openi", table)))


def _copy(folder: Path) -> pd.DataFrame:
    listed = read_table(
        folder / "reports.csv", ("report_id", "indication", "normal", "opacity_pneumonia")
    )
    listed = listed[listed["indication"] != ""].reset_index(drop=True)
    columns = {
        "name": listed["report_id"],
        "patient_id": "openi_" + listed["report_id"].str.removeprefix("CXR"),
        "note": [mask_disease_names(" ".join(text.split())) for text in listed["indication"]],
        "pneumonia": listed["opacity_pneumonia"].astype("Int64"),
        "no_finding": listed["normal"].astype("Int64"),
    }
    return recipe_rows("openi", columns).assign(split="test")


def _plain(name: str) -> str:
    """CXR1_1_IM-0001-3001, CXR2_IM-0652-1001 and 1_IM-0001-3001.dcm.png, written one way."""
    stem = re.sub(r"(\.dcm)?(\.png|\.jpg|\.dcm)?$", "", name)
    return re.sub(r"^CXR(\d+)_(?:\1_)?", r"\1_", stem)


def _frontal(folder: Path) -> set[str] | None:
    table = look_for(folder, "indiana_projections.csv")
    if table is None:
        return None
    listed = read_table(table, ("filename", "projection"))
    return {_plain(name) for name in listed.loc[listed["projection"] == "Frontal", "filename"]}


def _parse(path: Path) -> ET.Element:
    try:
        return ET.parse(path).getroot()
    except (OSError, ET.ParseError) as exc:
        raise ManifestError(sentence("source.report", file=path.name)) from exc


def _labels(report: ET.Element) -> dict[str, Any] | None:
    """The findings of a report's MeSH terms, 1 or 0; None where it was not indexed."""
    terms = {str(m.text).split("/")[0].strip().lower() for m in report.iter("major") if m.text}
    if not terms or terms & UNLABELLED:
        return None
    labels = {name: int(bool(terms & set(said))) for name, said in NAMED.items()}
    return labels | {"no_finding": int(terms == {"normal"})}


def _note(report: ET.Element) -> str:
    """The report's indication, masked; XXXX stands for what was taken out before publication."""
    parts = [
        " ".join(part.text.split())
        for part in report.iter("AbstractText")
        if (part.get("Label") or "").upper() == "INDICATION" and part.text
    ]
    return mask_disease_names(" ".join(parts))
