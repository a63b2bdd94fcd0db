"""ICBHI 2017 respiratory sound database (Rocha et al. 2019): 126 patients, cycles annotated.

Cycles say crackles and wheezes, not which crackles; rhonchi and rubs were not annotated. The
published split puts two patients on both sides: here they keep their test recordings only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mmbm.data.sources.layout import files_by_name, find, layout, look_for, note, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["LAYOUT", "read"]

LAYOUT = "icbhi"
DIAGNOSES = ("patient_diagnosis.csv", "ICBHI_Challenge_diagnosis.txt")
PEOPLE = ("demographic_info.txt", "ICBHI_Challenge_demographic_information.txt")
PARTS = 4  # of a name before the device: patient, recording, place, mode
CANNOT_TELL = ("LRTI", "")  # a lower respiratory infection may be pneumonia


def read(folder: Path) -> pd.DataFrame:
    """Read the database: one row a recording, its events those of any of its cycles.

    Raises ManifestError.
    """
    diagnosis = _by_patient(find(folder, *DIAGNOSES, expected=LAYOUT))
    people = look_for(folder, *PEOPLE)
    facts = _by_patient(people) if people else {}
    official = _published_split(folder)
    rows: list[dict[str, Any]] = []
    unmarked = 0
    for path in files_by_name(folder, (".wav",)).values():
        patient = path.stem.split("_")[0]
        cycles = path.with_suffix(".txt")
        if not cycles.is_file():
            unmarked += 1
            continue
        age, sex = (*facts.get(patient, []), "", "")[:2]
        row: dict[str, Any] = {
            "patient_id": f"icbhi_{patient}",
            "audio": str(path.absolute()),
            "age": age,
            "sex": sex if sex in ("F", "M") else "",
            **_labels((*diagnosis.get(patient, []), "")[0]),
            **_events(cycles),
        }
        if official is not None:
            row["official"] = official.get("_".join(path.stem.split("_")[:PARTS]), "")
        rows.append(row)
    if not rows:
        raise ManifestError(sentence("source.no_case", folder=folder.name, expected=layout(LAYOUT)))
    if unmarked:
        note(sentence("source.left_out.cycles", count=unmarked))
    table = pd.DataFrame(rows)
    years = pd.to_numeric(table["age"], errors="coerce").round()
    return split_by_patient(drop_duplicates(recipe_rows("icbhi", table.assign(age=years))))


def _by_patient(path: Path) -> dict[str, list[str]]:
    """Patient -> the other cells of the line; commas, tabs and spaces all part cells."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").replace(",", " ").splitlines()
    return {cells[0]: cells[1:] for line in lines if (cells := line.split())}


def _published_split(folder: Path) -> dict[str, str] | None:
    """Recording, without its device, -> train or test."""
    path = look_for(folder, "ICBHI_[cC]hallenge_train_test.txt")
    if path is None:
        return None
    lines = [line.split() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return {"_".join(line[0].split("_")[:PARTS]): line[1] for line in lines if len(line) > 1}


def _labels(diagnosis: str) -> dict[str, Any]:
    healthy, pneumonia = diagnosis == "Healthy", diagnosis == "Pneumonia"
    return {
        "pneumonia": pd.NA if diagnosis in CANNOT_TELL else int(pneumonia),
        "no_finding": 1 if healthy else 0 if pneumonia else pd.NA,
    }


def _events(path: Path) -> dict[str, Any]:
    """Of columns start, end, crackles, wheezes: one line a breathing cycle."""
    columns = ("start", "end", "crackles", "wheezes")
    cycles = read_table(path, columns, sep=r"\s+", header=False)
    crackles, wheezes = ((cycles[name] == "1").any() for name in columns[2:])
    kind = pd.NA if crackles else 0
    return {
        "sound:normal": int(not (crackles or wheezes)),
        "sound:wheezing": int(wheezes),
        "sound:crackles": int(crackles),
        "sound:fine_crackles": kind,
        "sound:coarse_crackles": kind,
    }
