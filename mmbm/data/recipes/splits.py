"""Splits by patient, the same on every machine, and byte-identical files only once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import pandas as pd

__all__ = ["SHARES", "Split", "drop_duplicates", "split_by_patient", "split_of"]

Split = Literal["train", "val", "test"]
SHARES: dict[Split, float] = {"train": 0.60, "val": 0.15, "test": 0.25}


def split_of(identity: str) -> Split:
    """The split of one patient, from the sha256 of the identifier alone."""
    place = int(hashlib.sha256(identity.encode()).hexdigest()[:13], 16) / 16**13  # [0, 1)
    if place < SHARES["train"]:
        return "train"
    return "val" if place < SHARES["train"] + SHARES["val"] else "test"


def drop_duplicates(rows: pd.DataFrame, path_column: str, label_columns: list[str]) -> pd.DataFrame:
    """Keep one row of each set of byte-identical files, none where their labels disagree.

    Adds the column ``family``: patients who shared a file carry one family, so that
    :func:`split_by_patient` keeps them together even after the copies are gone.
    """
    digests = [hashlib.sha256(Path(str(p)).read_bytes()).hexdigest() for p in rows[path_column]]
    rows = rows.assign(_digest=digests)
    family = {str(p): str(p) for p in rows["patient_id"]}

    def head(patient: str) -> str:
        while family[patient] != patient:
            patient = family[patient]
        return patient

    conflicting: set[str] = set()
    for digest, copies in rows.groupby("_digest"):
        heads = sorted({head(str(p)) for p in copies["patient_id"]})
        for other in heads[1:]:
            family[other] = heads[0]
        if len(copies) > 1 and len(copies[label_columns].drop_duplicates()) > 1:
            conflicting.add(str(digest))
    rows = rows.assign(family=[head(str(p)) for p in rows["patient_id"]])
    rows = rows[~rows["_digest"].isin(conflicting)].drop_duplicates("_digest")
    return rows.drop(columns="_digest").reset_index(drop=True)


def split_by_patient(rows: pd.DataFrame) -> pd.DataFrame:
    """Add ``split`` from each row's ``family`` and drop that helper column."""
    split = [split_of(str(family)) for family in rows["family"]]
    return rows.assign(split=split).drop(columns="family")
