"""Kermany et al., Cell 2018: films of children aged 1 to 5 (CC BY 4.0), 224 x 224 pixels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.recipes.films import FINDINGS, film_rows
from mmbm.data.recipes.splits import drop_duplicates, split_by_patient

__all__ = ["FOLDER", "read"]

FOLDER = "images/kermany_pediatric_224"
TEXT = {"sex": "str", "view": "str", "note": "str"}  # even where the column is empty


def read(folder: Path) -> pd.DataFrame:
    """Read the folder: one row a film; bacterial and viral pneumonia are both 1.

    Age and sex are not given for each child and stay blank.
    Columns: ``FILM_COLUMNS`` and split.
    """
    listed = pd.read_csv(folder / "metadata.csv", dtype=TEXT)
    kind = listed["finding_derived"].astype(str)
    viral = kind.map({"Pneumonia/Viral": 1, "Pneumonia/Bacterial": 0}).astype("Int64")
    rows = film_rows(
        "kermany",
        {
            "patient_id": listed["patient_id"],
            "image": [str(folder.absolute() / p) for p in listed["image_path"]],
            "view": listed["view"],
            "pneumonia": kind.str.startswith("Pneumonia").astype("Int64"),
            "no_finding": (kind == "Normal").astype("Int64"),
            "viral": viral,
        },
    )
    rows = rows[(rows["pneumonia"] == 1) | (rows["no_finding"] == 1)]
    return split_by_patient(drop_duplicates(rows, "image", list(FINDINGS)))
