"""What every recipe of films gives: one row a film, blank where its source says nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["FILM_COLUMNS", "FINDINGS", "film_rows"]

FINDINGS = (
    "pneumonia",
    "no_finding",
    "effusion",
    "atelectasis",
    "infiltration",
    "edema",
    "consolidation",
    "viral",  # of an infection: 1 viral, 0 bacterial, blank where neither is known
)
FILM_COLUMNS = ("source", "patient_id", "image", "age", "sex", "view", "note", *FINDINGS)


def film_rows(source: str, columns: dict[str, Any]) -> pd.DataFrame:
    """Rows of ``FILM_COLUMNS``: findings and age nullable integers, the rest text.

    ``columns`` gives each column that the source has; the others are blank.
    """
    rows = pd.DataFrame({"source": source, **columns}).reindex(columns=list(FILM_COLUMNS))
    rows = rows.astype(dict.fromkeys(("age", *FINDINGS), "Int64"))
    text = rows[["sex", "view", "note"]].astype("object")
    return rows.assign(**text.where(text.notna(), ""))
