"""NIH ChestX-ray14: adult frontal films (Wang et al., CVPR 2017; unrestricted use).

Labels were mined from reports. A film with other findings but no "Pneumonia" leaves pneumonia
blank: what the miner called infiltration or consolidation may have been one.

Where a ``radiologists.csv`` lies beside a subset, RSNA's radiologists have read some of its films.
Of 260 of them mined as pneumonia they saw an opacity in 115; of 46 mined as no finding they called
15 normal. So a reading overrides what was mined, and films that were not read are left out, or kept
in train with the share of such films that the radiologists confirmed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from mmbm.data.located import read_boxes, written
from mmbm.data.sources.layout import files_by_name, find, look_for, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import Split, drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["FOLDER", "LAYOUT", "Mined", "read"]

Mined = Literal["out", "weak", "labels"]  # what becomes of films that no radiologist read
READINGS = "radiologists.csv"
CLASSES = ("Lung Opacity", "Normal", "No Lung Opacity / Not Normal")
READ_SHARES: dict[Split, float] = {"train": 0.70, "val": 0.10, "test": 0.20}
CONFIRMED = {  # of the films mined so, what share RSNA's radiologists saw an opacity in, or nothing
    "Pneumonia": (115 / 260, 48 / 260),
    "No Finding": (5 / 46, 15 / 46),
}

FOLDER = "images/nih_cxr14_talo1000"
LAYOUT = "nih"
NAMED = ("Effusion", "Atelectasis", "Infiltration", "Edema", "Consolidation")
RENAMED = {"Finding Labels": "finding", "Patient Gender": "sex", "View Position": "view"}
OLDEST = 120  # years; the first release holds ages such as 411


def read(folder: Path, mined: Mined = "out") -> pd.DataFrame:
    """Read the set as published, or a subset listed in a ``metadata.csv``.

    Each finding is 1 where its name stands in the label. Test is the published test list, where
    it is there. With a ``radiologists.csv`` pneumonia and no finding are what radiologists read;
    ``mined`` says what becomes of the other films: out, weak (train alone, with probabilities), or
    all as labels, the readings let be. Raises ManifestError.
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
    rows = drop_duplicates(recipe_rows("nih", columns | official))
    if not (folder / READINGS).is_file() or mined == "labels":
        return split_by_patient(rows)
    return _as_read(split_by_patient(rows, READ_SHARES), folder, mined)


def _as_read(rows: pd.DataFrame, folder: Path, mined: Mined) -> pd.DataFrame:
    """The rows with what radiologists read; what was mined is known of none of them."""
    readings = read_table(folder / READINGS, ("image_path", "rsna_class", "rsna_boxes"))
    readings = readings[readings["rsna_class"] != ""]
    if odd := sorted(set(readings["rsna_class"]) - set(CLASSES)):
        raise ManifestError(
            sentence(
                "source.unknown_class", file=READINGS, name=odd[0], expected=", ".join(CLASSES)
            )
        )
    readings = readings.assign(name=[Path(p).stem for p in readings["image_path"]])
    said = rows[["name"]].merge(readings, on="name", how="left")
    seen = said["rsna_class"].notna().to_numpy()
    opaque, normal = said["rsna_class"].eq(CLASSES[0]), said["rsna_class"].eq(CLASSES[1])
    ill, well = rows["pneumonia"].eq(1).fillna(False), rows["no_finding"].eq(1)
    named = np.select([ill, well], list(CONFIRMED), default="")
    try:
        boxes = [written(read_boxes(cell)) for cell in said["rsna_boxes"].fillna("")]
    except ValueError as exc:
        raise ManifestError(sentence("source.boxes", file=READINGS, reason=exc.args[0])) from exc
    likely = pd.DataFrame([CONFIRMED.get(n, (np.nan, np.nan)) for n in named])
    rows = rows.assign(
        pneumonia=opaque.astype("Float64").where(seen, likely[0]),
        no_finding=normal.astype("Float64").where(seen, likely[1]),
        boxes=boxes,
    )
    rows[[name.lower() for name in NAMED]] = pd.NA
    if mined == "weak":
        weak = rows["pneumonia"].notna() & rows["split"].eq("train")
        return rows[seen | weak.to_numpy()].reset_index(drop=True)
    rows = rows[seen].astype({"pneumonia": "Int64", "no_finding": "Int64"})
    return rows.reset_index(drop=True)


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
