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
import soundfile

from mmbm.data.located import Event, read_events, written
from mmbm.data.sources.layout import SKIPPED, files_by_name, find, layout, note, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import Split, drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["FOLDER", "LAYOUT", "read"]

Mark = tuple[Any, Any, Any]  # start and end in ms, and the source's type

FOLDER = "audio/sprsound_2022"
LAYOUT = "sprsound"
POOR = "Poor Quality"
SHORTEST = 1.0  # s
SPLITS: dict[Split, float] = {"train": 0.80, "val": 0.10, "test": 0.10}  # few children: most teach
NAME = re.compile(r"(?P<patient>\d+)_(?P<age>[\d.]+)_(?P<sex>[01])_p\d_(?P<number>\d+)")
SEX = {"0": "M", "1": "F"}
EVENTS = {  # the source's types -> ours, the narrowest name first
    "Normal": ("normal",),
    "Wheeze": ("wheezing",),
    "Rhonchi": ("rhonchi",),
    "Stridor": ("stridor",),
    "Fine Crackle": ("fine_crackles", "crackles"),
    "Coarse Crackle": ("coarse_crackles", "crackles"),
    "Wheeze+Crackle": ("wheezing", "crackles"),
}


def read(folder: Path) -> pd.DataFrame:
    """Read every annotated recording of a second or more with its events in time.

    Of one of poor quality nothing else is known. A child's diagnosis comes from the patient
    summaries, where they are there. Raises ManifestError.
    """
    copy = (folder / "metadata.csv").is_file()
    rows = _copy(folder) if copy else _published(folder)
    table = pd.DataFrame([row for row in rows if _long_enough(Path(row["audio"]))])
    return split_by_patient(drop_duplicates(recipe_rows("sprsound", table)), SPLITS)


def _long_enough(path: Path) -> bool:
    """Whether a recording is read at all; one that cannot be opened is told of when it is read."""
    try:
        return bool(soundfile.info(path).duration >= SHORTEST)
    except soundfile.LibsndfileError:
        return True


def _copy(folder: Path) -> list[dict[str, Any]]:
    columns = ("audio_path", "patient_id", "age", "sex", "record_label")
    listed = read_table(folder / "metadata.csv", columns)
    listed = present(listed, [folder / p for p in listed["audio_path"]], LAYOUT)
    timed = read_table(
        find(folder, "events.csv", expected=LAYOUT), ("audio_path", "start_ms", "end_ms", "type")
    )
    marks = {
        str(path): list(zip(part["start_ms"], part["end_ms"], part["type"], strict=True))
        for path, part in timed.groupby("audio_path")
    }
    rows = []
    for row in listed.to_dict("records"):
        heard = _events(marks.get(row["audio_path"], []), row["record_label"], row["audio_path"])
        if heard is not None:
            rows.append(
                {
                    "patient_id": row["patient_id"],
                    "audio": row["path"],
                    "age": int(float(row["age"])) if row["age"] else None,
                    "sex": row["sex"] if row["sex"] in ("F", "M") else "",
                    **heard,
                }
            )
    if not rows:
        raise ManifestError(sentence("source.no_case", folder=folder.name, expected=layout(LAYOUT)))
    return rows


def _published(folder: Path) -> list[dict[str, Any]]:
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
        heard = _events(*_annotation(path), path.name)
        if heard is not None:
            rows[path.stem] = {
                "patient_id": f"sprsound_{found['patient']}",
                "audio": str(sound.absolute()),
                "age": int(float(found["age"])),
                "sex": SEX[found["sex"]],
                "official": _published_split(folder, path),
                **_labels(diagnoses.get(found["patient"], "")),
                **heard,
            }
    if not rows:
        raise ManifestError(sentence("source.no_case", folder=folder.name, expected=layout(LAYOUT)))
    if unnamed:
        note(sentence("source.left_out.unnamed", count=unnamed))
    return list(rows.values())


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


def _annotation(path: Path) -> tuple[list[Mark], str]:
    """The events of one published recording, and what was said of it as a whole."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        marks = [(e.get("start"), e.get("end"), e["type"]) for e in said["event_annotation"]]
        return marks, str(said.get("record_annotation", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ManifestError(sentence("source.annotation", file=path.name)) from exc


def _events(marks: list[Mark], said: str, name: str) -> dict[str, Any] | None:
    """A recording's labels and timed events; None where nothing was annotated.

    Pleural rubs were not annotated. Of a wheeze with crackles it is not said of which kind they
    are.
    """
    if said == POOR:
        return {"sound:poor_quality": 1}
    types = [str(kind).replace(" & ", "+") for _, _, kind in marks]
    if not types:
        return None
    heard = {ours for kind in types for ours in EVENTS.get(kind, ())}
    known = ("wheezing", "crackles", "fine_crackles", "coarse_crackles", "rhonchi", "stridor")
    labels: dict[str, Any] = {f"sound:{event}": int(event in heard) for event in known}
    if "Wheeze+Crackle" in types:
        labels |= {
            f"sound:{k}_crackles": pd.NA for k in ("fine", "coarse") if f"{k}_crackles" not in heard
        }
    labels |= {"sound:normal": int(set(types) == {"Normal"}), "sound:poor_quality": 0}
    try:
        timed = [
            Event(float(start) / 1000, float(end) / 1000, ours)
            for (start, end, _), kind in zip(marks, types, strict=True)
            if start is not None and end is not None
            for ours in EVENTS.get(kind, ())[: 2 if kind == "Wheeze+Crackle" else 1]
        ]
        return labels | {"events": written(read_events(written(timed)))}
    except ValueError as exc:
        raise ManifestError(sentence("source.event", name=name, reason=exc.args[0])) from exc
