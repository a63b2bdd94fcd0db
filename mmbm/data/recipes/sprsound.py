"""SPRSound (Zhang et al., IEEE TBioCAS 2022): children of a Shanghai hospital, events annotated.

Names say patient, age, sex, place and number: ``65058931_3.4_1_p2_1086.wav``. Only the
inter-subject tests are test: the intra-subject one shares its children with train.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from mmbm.data.recipes.layout import SKIPPED, files_by_name, note, read_table
from mmbm.data.recipes.rows import recipe_rows
from mmbm.data.recipes.splits import drop_duplicates, split_by_patient
from mmbm.errors import ManifestError

__all__ = ["LAYOUT", "read"]

LAYOUT = "the repository SPRSound: BioCAS2022/train2022_wav, train2022_json and so on"
NAME = re.compile(r"(?P<patient>\d+)_(?P<age>[\d.]+)_(?P<sex>[01])_p\d_(?P<number>\d+)")
SEX = {"0": "M", "1": "F"}
EVENTS = {  # the source's types -> ours
    "Wheeze": {"wheezing"},
    "Rhonchi": {"rhonchi"},
    "Fine Crackle": {"crackles", "fine_crackles"},
    "Coarse Crackle": {"crackles", "coarse_crackles"},
    "Wheeze+Crackle": {"wheezing", "crackles"},
}


def read(folder: Path) -> pd.DataFrame:
    """Read every annotated recording; those without events (poor quality) are left out.

    A child's diagnosis comes from the patient summaries, where they are there. Raises
    ManifestError.
    """
    sounds = {Path(name).stem: path for name, path in files_by_name(folder, (".wav",)).items()}
    notes = [p for p in folder.rglob("*.json") if SKIPPED not in p.parts]
    notes.sort(key=lambda p: (_published_split(folder, p) == "test", p))  # of two, test counts
    diagnoses = _diagnoses(folder)
    rows: dict[str, dict[str, Any]] = {}
    unnamed = 0
    for path in notes:
        found, sound = NAME.fullmatch(path.stem), sounds.get(path.stem)
        if sound is None:
            continue
        if found is None:
            unnamed += 1
            continue
        events = _events(path)
        if events is not None:
            rows[path.stem] = {
                "patient_id": f"sprsound_{found['patient']}",
                "audio": str(sound.absolute()),
                "age": int(float(found["age"])),
                "sex": SEX[found["sex"]],
                "official": _published_split(folder, path),
                **_labels(diagnoses.get(found["patient"], "")),
                **events,
            }
    if not rows:
        raise ManifestError(f"No annotated recording in '{folder.name}'; expected {LAYOUT}.")
    if unnamed:
        note(f"{unnamed} recordings of unnamed patients were left out.")
    table = pd.DataFrame(list(rows.values()))
    return split_by_patient(drop_duplicates(recipe_rows("sprsound", table)))


def _published_split(folder: Path, path: Path) -> str:
    folders = path.relative_to(folder).parent.as_posix().lower()
    return "test" if "test" in folders and "intra" not in folders else "train"


def _diagnoses(folder: Path) -> dict[str, str]:
    """Patient -> diagnosis, from the summaries of all years."""
    known: dict[str, str] = {}
    for path in sorted(folder.rglob("*patient_summary.csv")):
        table = read_table(path, ("patient_num", "disease"))
        known |= dict(zip(table["patient_num"], table["disease"], strict=True))
    return known


def _labels(diagnosis: str) -> dict[str, Any]:
    if not diagnosis or diagnosis == "Other respiratory diseases":
        return {}
    pneumonia, control = diagnosis.startswith("Pneumonia"), diagnosis == "Control Group"
    return {
        "pneumonia": int(pneumonia),
        "no_finding": 1 if control else 0 if pneumonia else pd.NA,
    }


def _events(path: Path) -> dict[str, Any] | None:
    """A recording's events, 1 or 0; None where it has none. Pleural rubs were not annotated."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["event_annotation"]
        types = {str(event["type"]).replace(" & ", "+") for event in listed}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ManifestError(f"'{path.name}' is no annotation of SPRSound.") from exc
    if not types:
        return None
    heard = set().union(*(EVENTS.get(kind, set()) for kind in types))
    known = ("wheezing", "crackles", "fine_crackles", "coarse_crackles", "rhonchi")
    labels: dict[str, Any] = {f"sound:{name}": int(name in heard) for name in known}
    if "Wheeze+Crackle" in types:  # of which kind is not said
        labels |= {
            f"sound:{k}_crackles": pd.NA for k in ("fine", "coarse") if f"{k}_crackles" not in heard
        }
    return labels | {"sound:normal": int(types == {"Normal"})}
