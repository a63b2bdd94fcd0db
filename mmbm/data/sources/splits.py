"""Splits by patient, the same on every machine, and byte-identical files only once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from mmbm.data.copies import content_keys
from mmbm.data.sources.rows import LABELS

__all__ = ["SHARES", "Split", "drop_duplicates", "split_by_patient", "split_of"]

Split = Literal["train", "val", "test"]
SHARES: dict[Split, float] = {"train": 0.60, "val": 0.15, "test": 0.25}


def place_of(identity: str) -> float:
    """Where in [0, 1) a patient stands, from the sha256 of the identifier alone."""
    return int(hashlib.sha256(identity.encode()).hexdigest()[:13], 16) / 16**13


def split_of(identity: str, shares: Mapping[Split, float] = SHARES) -> Split:
    """The split of one patient, from the sha256 of the identifier alone."""
    place = place_of(identity)
    if place < shares["train"]:
        return "train"
    return "val" if place < shares["train"] + shares["val"] else "test"


def drop_duplicates(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep one row of each set of byte-identical files, none where their labels disagree.

    Of copies in several published splits, the one to be tested on stays. Adds the column
    ``family``: patients who shared a file carry one family, so that :func:`split_by_patient`
    keeps them together even after the copies are gone.
    """
    if "official" in rows:
        order = {"test": 0, "val": 1}
        rows = rows.sort_values("official", key=lambda s: s.map(order).fillna(2), kind="stable")
    paths = rows["image"].where(rows["image"] != "", rows["audio"])
    rows = rows.assign(_content=content_keys([Path(p) for p in paths]))
    family = {str(p): str(p) for p in rows["patient_id"]}

    def head(patient: str) -> str:
        while family[patient] != patient:
            patient = family[patient]
        return patient

    conflicting: set[str] = set()
    copied = rows[rows["_content"].duplicated(keep=False)]
    for content, copies in copied.groupby("_content"):
        heads = sorted({head(str(p)) for p in copies["patient_id"]})
        for other in heads[1:]:
            family[other] = heads[0]
        if len(copies[list(LABELS)].drop_duplicates()) > 1:
            conflicting.add(str(content))
    rows = rows.assign(family=[head(str(p)) for p in rows["patient_id"]])
    rows = rows[~rows["_content"].isin(conflicting)].drop_duplicates("_content")
    return rows.drop(columns="_content").sort_index().reset_index(drop=True)


def split_by_patient(rows: pd.DataFrame, shares: Mapping[Split, float] = SHARES) -> pd.DataFrame:
    """Add ``split`` from each row's ``family`` and drop the helper columns.

    A source whose size or use asks for other ``shares`` of patients than the usual gives them.

    Where ``official`` holds a published split, its test rows stay test rows, and val is carved
    from train by patient unless it is published too. A patient who stands in several published
    splits keeps only the rows of the last of train, val, test.
    """
    family = rows["family"].astype(str)
    if "official" not in rows:
        return rows.assign(split=[split_of(f, shares) for f in family]).drop(columns="family")
    official = rows["official"].where(rows["official"].isin(("val", "test")), "train")
    held: dict[str, str] = {}
    for split in SHARES:  # train, val, test: the later one holds
        held |= dict.fromkeys(family[official == split], split)
    if "val" not in held.values():
        share = shares["val"] / (shares["train"] + shares["val"])
        held |= {f: "val" for f, s in held.items() if s == "train" and place_of(f) < share}
        official = official.mask(family.map(held) == "val", "val")
    kept = official == family.map(held)
    rows = rows.assign(split=official)[kept]
    return rows.drop(columns=["family", "official"]).reset_index(drop=True)
