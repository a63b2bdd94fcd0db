"""Cohen et al. 2020, covid-chestxray-dataset: case reports, film and real note of one patient.

Most films are CC BY-NC-SA, so nothing here is trained on: every row is a test row.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.masking import mask_disease_names
from mmbm.data.recipes.films import FINDINGS, film_rows
from mmbm.data.recipes.splits import drop_duplicates

__all__ = ["FOLDER", "read"]

FOLDER = "images/ieee8023_covid_cxr"
TEXT = {"sex": "str", "view": "str", "note": "str"}  # even where the column is empty
FRONTAL = ("PA", "AP", "AP Supine")
VIRAL = {"COVID-19", "SARS", "MERS-CoV", "Varicella", "Influenza", "H1N1", "Herpes"}
BACTERIAL = {
    "Streptococcus",
    "Klebsiella",
    "Legionella",
    "Mycoplasma",
    "Mycoplasma Bacterial Pneumonia",
    "Chlamydophila",
    "E.Coli",
    "Nocardia",
    "Staphylococcus",
    "Tuberculosis",
}


def read(folder: Path) -> pd.DataFrame:
    """Read the folder: frontal films, notes masked, all in the test split.

    Every infectious or lipoid pneumonia is 1; ARDS without a named cause leaves pneumonia blank.
    A fungus is neither viral nor bacterial. Columns: ``FILM_COLUMNS`` and split.
    """
    listed = pd.read_csv(folder / "metadata.csv", dtype=TEXT)
    listed = listed[listed["view"].isin(FRONTAL)].reset_index(drop=True)
    causes = [{term.strip() for term in str(f).split(",")} for f in listed["finding_derived"]]
    normal = [c == {"No Finding"} for c in causes]
    pneumonia = [
        pd.NA if c <= {"ARDS", "nan", "todo"} else int(not n)
        for c, n in zip(causes, normal, strict=True)
    ]
    viral = [1 if c & VIRAL else 0 if c & BACTERIAL else pd.NA for c in causes]
    rows = film_rows(
        "ieee8023",
        {
            "patient_id": listed["patient_id"],
            "image": [str(folder.absolute() / p) for p in listed["image_path"]],
            "age": listed["age"].round(),
            "sex": listed["sex"],
            "view": listed["view"].str.replace("AP Supine", "AP"),
            "note": [mask_disease_names(str(n)) for n in listed["note"].fillna("")],
            "pneumonia": pd.Series(pneumonia, dtype="Int64"),
            "no_finding": pd.Series(normal, dtype="Int64"),
            "viral": pd.Series(viral, dtype="Int64"),
        },
    )
    rows = drop_duplicates(rows, "image", list(FINDINGS))
    return rows.assign(split="test").drop(columns="family")
