"""KAUH (Fraiwan et al., Data in Brief 2021; CC BY 4.0): 112 people, each heard in three filters.

Everything stands in the file's name: filter and person, diagnosis, sound, place, age, sex, as in
``BP1_Asthma,I E W,P L L,70,M.wav``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mmbm.data.sources.layout import files_by_name, layout, note
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["LAYOUT", "read"]

LAYOUT = "kauh"
NAME = re.compile(
    r"[BDE]P(?P<person>\d+)_(?P<diagnosis>.+),(?P<sound>[^,]*),(?P<place>[^,]*),"
    r"\s*(?P<age>\d+)\s*,\s*(?P<sex>[MFmf])\s*"
)
PHASES = {"I", "E"}  # inspiration, expiration
WHEEZE, CRACKLES, NORMAL, BRONCHIAL = {"W"}, {"C", "CREP"}, {"N"}, {"B", "BRONCHIAL"}
KNOWN = PHASES | WHEEZE | CRACKLES | NORMAL | BRONCHIAL


def read(folder: Path) -> pd.DataFrame:
    """Read the recordings; a person's three filters stay together. Raises ManifestError.

    Crackles are not told fine from coarse, and rhonchi and rubs not named at all. A healthy
    person has no finding; other diagnoses than pneumonia say nothing of the film.
    """
    files = files_by_name(folder, (".wav",))
    named = {
        path: found for name, path in files.items() if (found := NAME.fullmatch(Path(name).stem))
    }
    if not named:
        raise ManifestError(sentence("source.no_case", folder=folder.name, expected=layout(LAYOUT)))
    if len(named) < len(files):
        note(sentence("source.left_out.names", count=len(files) - len(named)))
    rows = [
        {
            "patient_id": f"kauh_{found['person']}",
            "audio": str(path.absolute()),
            "age": int(found["age"]),
            "sex": found["sex"].upper(),
            **_labels(found["diagnosis"].strip().lower()),
            **_events(set(found["sound"].upper().split())),
        }
        for path, found in named.items()
    ]
    table = pd.DataFrame(rows)
    return split_by_patient(drop_duplicates(recipe_rows("kauh", table)))


def _labels(diagnosis: str) -> dict[str, Any]:
    healthy, pneumonia = diagnosis in ("n", "normal"), "pneumonia" in diagnosis
    effusion = "effusion" in diagnosis
    return {
        "pneumonia": int(pneumonia),
        "no_finding": 1 if healthy else 0 if pneumonia or effusion else pd.NA,
        "effusion": 1 if effusion else 0 if healthy else pd.NA,
    }


def _events(said: set[str]) -> dict[str, Any]:
    """The labels of a sound such as I E W; none where a word of it is not known."""
    if not said or said - KNOWN:
        return {}
    crackles, wheeze = bool(said & CRACKLES), bool(said & WHEEZE)
    kind = pd.NA if crackles else 0
    return {
        "sound:normal": int(bool(said & NORMAL) and not (crackles or wheeze)),
        "sound:wheezing": int(wheeze),
        "sound:crackles": int(crackles),
        "sound:fine_crackles": kind,
        "sound:coarse_crackles": kind,
    }
