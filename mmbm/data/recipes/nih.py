"""NIH ChestX-ray14: adult frontal films (Wang et al., CVPR 2017; unrestricted use).

Labels were mined from reports. A film with other findings but no "Pneumonia" leaves pneumonia
blank: what the miner called infiltration or consolidation may have been one.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.recipes.layout import files_by_name, find, look_for, present, read_table
from mmbm.data.recipes.rows import recipe_rows
from mmbm.data.recipes.splits import drop_duplicates, split_by_patient

__all__ = ["FOLDER", "LAYOUT", "read"]

FOLDER = "images/nih_cxr14_talo1000"
LAYOUT = (
    "Data_Entry_2017.csv or Data_Entry_2017_v2020.csv, the PNG files in images or images_001, "
    "images_002 …, and train_val_list.txt with test_list.txt for the published split"
)
NAMED = ("Effusion", "Atelectasis", "Infiltration", "Edema", "Consolidation")
RENAMED = {"Finding Labels": "finding", "Patient Gender": "sex", "View Position": "view"}
OLDEST = 120  # years; the first release holds ages such as 411


def read(folder: Path) -> pd.DataFrame:
    """Read the set as published, or a subset listed in a ``metadata.csv``.

    Each finding is 1 where its name stands in the label. Test is the published test list, where
    it is there. Raises ManifestError.
    """
    subset = (folder / "metadata.csv").is_file()
    listed = _subset(folder) if subset else _published(folder)
    terms = listed["finding"].str.split("|")
    named = pd.Series(["Pneumonia" in t for t in terms], index=listed.index)
    normal = pd.Series([t == ["No Finding"] for t in terms], index=listed.index)
    columns = {
        "patient_id": listed["patient_id"],
        "image": listed["path"],
        "age": listed["age"],
        "sex": listed["sex"],
        "view": listed["view"],
        "pneumonia": named.astype("Int64").where(named | normal),
        "no_finding": normal.astype("Int64"),
        **{name.lower(): [int(name in t) for t in terms] for name in NAMED},
    }
    official = {"official": listed["official"]} if "official" in listed else {}
    return split_by_patient(drop_duplicates(recipe_rows("nih", columns | official)))


def _subset(folder: Path) -> pd.DataFrame:
    columns = ("image_path", "patient_id", "finding", "age", "sex", "view")
    listed = read_table(folder / "metadata.csv", columns)
    listed = present(listed, [folder / p for p in listed["image_path"]], LAYOUT)
    return listed.assign(age=pd.to_numeric(listed["age"], errors="coerce"))


def _published(folder: Path) -> pd.DataFrame:
    table = find(folder, "Data_Entry_2017*.csv", expected=LAYOUT)
    listed = read_table(table, ("Image Index", "Patient ID", "Patient Age", *RENAMED))
    listed = listed.rename(columns=RENAMED)
    films = files_by_name(folder, (".png",))
    listed = present(listed, [films.get(name) for name in listed["Image Index"]], LAYOUT)
    years = pd.to_numeric(listed["Patient Age"].str.extract(r"^(\d+)Y?$")[0])
    listed = listed.assign(
        patient_id="nih_" + listed["Patient ID"].str.zfill(5),
        age=years.where(years <= OLDEST),
    )
    test = look_for(folder, "test_list.txt")
    if test is not None:
        held_out = set(test.read_text(encoding="utf-8").split())
        split = listed["Image Index"].isin(held_out).map({True: "test", False: "train"})
        listed = listed.assign(official=split)
    return listed
