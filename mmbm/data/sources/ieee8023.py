"""Cohen et al. 2020, covid-chestxray-dataset: case reports, film and real note of one patient.

Most films are CC BY-NC-SA, so nothing here is trained on: every row is a test row.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from mmbm.data.masking import mask_disease_names
from mmbm.data.sources.layout import find, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates

__all__ = ["FOLDER", "LAYOUT", "read"]

FOLDER = "images/ieee8023_covid_cxr"
LAYOUT = "ieee8023"
ABOUT = ("view", "age", "sex")
FRONTAL = ("PA", "AP", "AP Supine", "AP Erect")
OPEN = {"ARDS", "todo", "Unknown", "Tuberculosis", ""}  # neither pneumonia nor its absence
VIRAL = {"Viral", "COVID-19", "SARS", "MERS-CoV", "Varicella", "Influenza", "H1N1", "Herpes"}
BACTERIAL = {
    "Bacterial",
    "Streptococcus",
    "Klebsiella",
    "Legionella",
    "Mycoplasma",
    "Mycoplasma Bacterial Pneumonia",
    "Chlamydophila",
    "E.Coli",
    "Nocardia",
    "Staphylococcus",
}


def read(folder: Path) -> pd.DataFrame:
    """Read the repository, or a subset whose ``metadata.csv`` names its films in ``image_path``.

    Frontal films, notes masked, all in the test split. Every infectious or lipoid pneumonia is 1;
    ARDS without a named cause leaves pneumonia blank, and a fungus is neither viral nor bacterial.
    Raises ManifestError.
    """
    listed = _listed(find(folder, "metadata.csv", expected=LAYOUT))
    causes = [set(re.split(r"[,/]\s*", finding.strip())) for finding in listed["finding"]]
    normal = [c == {"No Finding"} for c in causes]
    pneumonia = [pd.NA if c <= OPEN else int(not n) for c, n in zip(causes, normal, strict=True)]
    columns = {
        "patient_id": listed["patient_id"],
        "image": listed["path"],
        "age": pd.to_numeric(listed["age"], errors="coerce").round(),
        "sex": listed["sex"].where(listed["sex"].isin(("F", "M")), ""),
        "view": listed["view"].str[:2],
        "note": [mask_disease_names(text) for text in listed["note"]],
        "pneumonia": pd.Series(pneumonia, dtype="Int64"),
        "no_finding": pd.Series(normal, dtype="Int64"),
        "viral": pd.Series(
            [1 if c & VIRAL else 0 if c & BACTERIAL else pd.NA for c in causes], dtype="Int64"
        ),
    }
    rows = drop_duplicates(recipe_rows("ieee8023", columns))
    return rows.assign(split="test").drop(columns="family")


def _listed(table: Path) -> pd.DataFrame:
    """The frontal films, in the columns of the subset."""
    if "image_path" in read_table(table, ABOUT):
        listed = read_table(table, (*ABOUT, "image_path", "patient_id", "finding_derived", "note"))
        listed = listed.assign(finding=listed["finding_derived"], place=listed["image_path"])
    else:
        ours = ("patientid", "finding", "folder", "filename", "clinical_notes")
        listed = read_table(table, (*ABOUT, *ours)).rename(columns={"clinical_notes": "note"})
        listed = listed.assign(
            patient_id="ieee_" + listed["patientid"],
            place=listed["folder"] + "/" + listed["filename"],
        )
    listed = listed[listed["view"].isin(FRONTAL)].reset_index(drop=True)
    return present(listed, [table.parent / place for place in listed["place"]], LAYOUT)
