"""NIH ChestX-ray14 subset: adult frontal films (Wang et al., CVPR 2017; unrestricted use)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.recipes.films import FINDINGS, film_rows
from mmbm.data.recipes.splits import drop_duplicates, split_by_patient

__all__ = ["FOLDER", "read"]

FOLDER = "images/nih_cxr14_talo1000"
NAMED = ("Effusion", "Atelectasis", "Infiltration", "Edema", "Consolidation")
TEXT = {"sex": "str", "view": "str", "note": "str"}  # even where the column is empty


def read(folder: Path) -> pd.DataFrame:
    """Read the folder: one row a film, each finding 1 where its name stands in the label.

    Columns: ``FILM_COLUMNS`` and split.
    """
    listed = pd.read_csv(folder / "metadata.csv", dtype=TEXT)
    terms = listed["finding"].str.split("|")
    pneumonia = pd.Series(["Pneumonia" in t for t in terms], dtype="Int64")
    normal = pd.Series([t == ["No Finding"] for t in terms], dtype="Int64")
    rows = film_rows(
        "nih",
        {
            "patient_id": listed["patient_id"],
            "image": [str(folder.absolute() / p) for p in listed["image_path"]],
            "age": listed["age"],
            "sex": listed["sex"],
            "view": listed["view"],
            "pneumonia": pneumonia,
            "no_finding": normal,
            **{name.lower(): [int(name in t) for t in terms] for name in NAMED},
        },
    )
    rows = rows[(rows["pneumonia"] == 1) | (rows["no_finding"] == 1)]
    return split_by_patient(drop_duplicates(rows, "image", list(FINDINGS)))
