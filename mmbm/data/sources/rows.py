"""What every recipe gives: one row a film or recording, blank where its source says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["FINDINGS", "LABELS", "ROW_COLUMNS", "SOUND_COLUMNS", "recipe_rows"]

FINDINGS = (
    "pneumonia",
    "no_finding",
    "effusion",
    "atelectasis",
    "infiltration",
    "edema",
    "consolidation",
    "viral",  # of an infection: 1 viral, 0 bacterial, blank where neither is known
    "typical",  # of COVID-19 pneumonia, as radiologists named an opacity's appearance
    "indeterminate",
    "atypical",
)
SOUND_COLUMNS = (
    "sound:normal",
    "sound:wheezing",
    "sound:crackles",  # of any kind
    "sound:fine_crackles",
    "sound:coarse_crackles",
    "sound:rhonchi",
    "sound:stridor",
    "sound:pleural_rub",
    "sound:poor_quality",  # too poor to tell: 1, the others blank
)
LABELS = (*FINDINGS, *SOUND_COLUMNS)
TEXT = ("name", "patient_id", "image", "audio", "sex", "view", "note", "boxes", "events")
ROW_COLUMNS = ("source", *TEXT, "age", *LABELS)


def recipe_rows(source: str, columns: dict[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Rows of ``ROW_COLUMNS``: age and labels nullable integers, the rest text.

    ``columns`` gives what the source has, and ``official``, its published split, where there is
    one; the others are blank. A row's ``name``, unique in its source, is its file's where none is
    given. Paths are absolute, ages are years, sex is F or M; boxes and events are written as
    in a manifest (:mod:`mmbm.data.located`).
    """
    rows = pd.DataFrame({"source": source, **columns})
    kept = [*ROW_COLUMNS, *(["official"] if "official" in columns else [])]
    rows = rows.reindex(columns=kept)
    rows = rows.astype(dict.fromkeys(("age", *LABELS), "Int64"))
    text = rows[list(TEXT)].astype("object")
    rows = rows.assign(**text.where(text.notna(), ""))
    paths = rows["image"].where(rows["image"] != "", rows["audio"])
    return rows.assign(name=rows["name"].where(rows["name"] != "", [Path(p).stem for p in paths]))
