"""MIMIC-CXR and MIMIC-CXR-JPG (Johnson et al. 2019): adults' films with their reports.

PhysioNet gives the reports and films under a credentialed licence. The note of a film is its
study's report with disease names masked. It was written from the film, so a model that reads it
is told more than a doctor knows beforehand: use it to study notes, not to judge a fused model.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.masking import mask_disease_names
from mmbm.data.sources.chexpert import PATHOLOGIES, mined_labels
from mmbm.data.sources.layout import find, look_for, note, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.text import sentence

__all__ = ["LAYOUT", "read"]

LAYOUT = "mimic_cxr"
SPLITS = {"train": "train", "validate": "val", "test": "test"}
FRONTAL = ("AP", "PA")
KEYS = ["subject_id", "study_id"]


def read(folder: Path) -> pd.DataFrame:
    """Read the frontal films whose study is labelled, in the published split.

    Raises ManifestError.
    """
    listed = _listed(folder)
    films, reports = _places(folder, listed)
    listed = present(listed.assign(report=reports), films, LAYOUT)
    texts = {path: _report(Path(path)) for path in listed["report"].unique()}
    if not any(texts.values()):
        note(sentence("source.no_reports"))
    columns = {
        "name": listed["dicom_id"],
        "patient_id": "mimic_" + listed["subject_id"],
        "image": listed["path"],
        "view": listed["ViewPosition"],
        "note": listed["report"].map(texts),
        "official": listed["split"].map(SPLITS),
        **mined_labels(listed),
    }
    return split_by_patient(drop_duplicates(recipe_rows("mimic_cxr", columns)))


def _listed(folder: Path) -> pd.DataFrame:
    """The three tables joined, frontal films only."""
    films = read_table(
        find(folder, "mimic-cxr-*-metadata.csv*", expected=LAYOUT),
        ("dicom_id", *KEYS, "ViewPosition"),
    )
    splits = read_table(
        find(folder, "mimic-cxr-*-split.csv*", expected=LAYOUT), ("dicom_id", "split")
    )
    mined = find(folder, "mimic-cxr-*-chexpert.csv*", "mimic-cxr-*-negbio.csv*", expected=LAYOUT)
    labels = read_table(mined, (*KEYS, "No Finding", *PATHOLOGIES))
    films = films[films["ViewPosition"].isin(FRONTAL)]
    return films.merge(splits[["dicom_id", "split"]], on="dicom_id").merge(labels, on=KEYS)


def _places(folder: Path, listed: pd.DataFrame) -> tuple[list[Path | None], list[str]]:
    """Each film's file, JPEG before DICOM, and its study's report."""
    root = find(folder, "files", expected=LAYOUT)
    reports = look_for(folder, "mimic-cxr-reports/files") or root
    films: list[Path | None] = []
    texts: list[str] = []
    for name, person, number in listed[["dicom_id", *KEYS]].astype("object").to_numpy():
        study = Path(f"p{person[:2]}") / f"p{person}" / f"s{number}"
        film = root / study / f"{name}.jpg"
        films.append(film if film.is_file() else film.with_suffix(".dcm"))
        texts.append(str(reports / study.with_suffix(".txt")))
    return films, texts


def _report(path: Path) -> str:
    """The report, masked; blank where there is none."""
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return mask_disease_names(" ".join(text.replace("FINAL REPORT", " ").split()))
