"""Puts cases together: each film gets a note and a recording, and the manifest says which.

No public data pairs image, note and sound of one patient. What a film lacks is drawn from its
label alone: the note by :mod:`mmbm.data.synthesis.notes`, the recording at the published
sensitivity and specificity of crackles. A film's drawn note states no age and no sex: in a source
they go with the label by the way it was collected, and the note would be read as speaking for or
against.

So, given the finding, the parts of an assembled case are independent of one another. Real ones are
not: figures that join modalities are of this made-up population. Crackles are recorded at the
adults' rate in children too; Shah et al. (JAMA 2017) found no association there, so the children's
sound is more telling here than in life.
"""

from __future__ import annotations

import math
import os
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from mmbm.data.manifest import LOCATED
from mmbm.data.sources import (
    SOURCES,
    hls_cmds,
    ieee8023,
    kermany,
    nih,
    openi,
    siim,
    sprsound,
)
from mmbm.data.sources.rows import FINDINGS, LABELS, SOUND_COLUMNS
from mmbm.data.synthesis.notes import Language, Signs, draw_signs, write_from_signs, write_note
from mmbm.data.synthesis.signs import log_likelihood_ratio, read_evidence
from mmbm.errors import ManifestError

__all__ = [
    "ASSEMBLED",
    "COLUMNS",
    "assemble",
    "draw_cases",
    "prepare",
    "prepare_source",
    "write_manifest",
]

Record = dict[Hashable, Any]  # one row, by column

ASSEMBLED = "assembled"  # the name of all sources together, completed by drawn parts
COLUMNS = [
    "case_id",
    "patient_id",
    "source",
    "split",
    "image",
    "notes",
    "audio",
    "notes_text",
    "age",
    "sex",
    "view",
    *LABELS,
    "assembled",
    *LOCATED,
]
CRACKLES = ("fine_crackles", "coarse_crackles")
CRACKLING = [f"sound:{event}" for event in ("crackles", *CRACKLES)]
OTHER_SOUNDS = {"normal": 0.70, "wheezing": 0.12, "rhonchi": 0.12, "pleural_rub": 0.06}  # assumed
DRAWN_SOURCES = ("siim", "nih", "kermany")  # the others keep their own notes, and no recording
BRIEF = 0.4  # share of the drawn notes without a film that tell three signs or fewer
ADULT_AGE = 16  # years; below it the children's rates hold
CASE_FOLDERS = {  # of films, or of notes alone
    "siim": siim.FOLDER,
    "nih": nih.FOLDER,
    "kermany": kermany.FOLDER,
    "ieee8023": ieee8023.FOLDER,
    "openi": openi.FOLDER,
}
SOUND_FOLDERS = {"hls_cmds": hls_cmds.FOLDER, "sprsound": sprsound.FOLDER}


def assemble(images: pd.DataFrame, sounds: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Make the manifest's rows (``COLUMNS``) from the rows of the recipes; paths absolute.

    The drawn note and recording depend on the film's label and split, and on nothing else but
    the patient's age group (conditional independence given the finding). Each
    recording also stands in a row of its own, findings blank, to evaluate the sound events.
    """
    rng = np.random.default_rng(seed)
    cases = [_from_film(film, sounds, rng) for film in images.to_dict("records")]
    cases += [_from_recording(clip) for clip in sounds.to_dict("records")]
    rows = pd.DataFrame(cases, columns=COLUMNS, dtype="object")
    if not rows["case_id"].is_unique:
        raise ValueError("Two rows of the recipes carry the same file name within one source.")
    return rows.where(rows.notna(), "")


def _from_film(film: Record, sounds: pd.DataFrame, rng: Generator) -> Record:
    source = str(film["source"])
    case: Record = {
        **{c: film[c] for c in ("patient_id", "source", "split", "image", "age", "sex", "view")},
        "boxes": film["boxes"],
        **{finding: film[finding] for finding in FINDINGS},
        "case_id": f"{source}-{film['name']}",
        "notes_text": film["note"],
    }
    if source not in DRAWN_SOURCES or pd.isna(film["pneumonia"]):
        return case
    pneumonia = film["pneumonia"] == 1
    age: int | None = None if pd.isna(film["age"]) else int(film["age"])
    language: Language = "en" if rng.random() < 0.5 else "zh"
    case["notes_text"] = write_note(
        rng,
        pneumonia=pneumonia,
        language=language,
        child=source == "kermany" if age is None else age < ADULT_AGE,
        age=None,
        sex=None,
    )
    case["assembled"] = "notes"
    return case | _with_recording(rng, sounds, str(film["split"]), pneumonia)


def draw_cases(count: int, sounds: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Cases with no film and no patient behind them (``COLUMNS``), to learn notes and sounds from.

    Half have pneumonia, half are children, a third have a recording; one in twenty is for val.
    What is drawn tells less than its label says, so a train row holds the probability of the
    finding given what its note and recording tell: the same on average, without the chance.
    """
    rng = np.random.default_rng([seed, count])
    cases: list[Record] = []
    for number in range(count):
        pneumonia, child = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        language: Language = "en" if rng.random() < 0.5 else "zh"
        age = int(rng.integers(1, 6) if child else rng.integers(ADULT_AGE, 95))
        sex = str(rng.choice(["F", "M"]))
        brief = bool(rng.random() < BRIEF)
        signs = draw_signs(rng, pneumonia, child, brief=brief)
        case: Record = {
            "case_id": f"drawn-{number}",
            "patient_id": f"drawn-{number}",
            "source": "drawn",
            "split": "val" if number % 20 == 19 else "train",
            "notes_text": write_from_signs(
                rng, signs, language=language, child=child, age=age, sex=sex, brief=brief
            ),
            "age": age,
            "sex": sex,
            "pneumonia": int(pneumonia),
            "no_finding": int(not pneumonia),
            "assembled": "notes",
        }
        if rng.random() < 1 / 3:
            case |= _with_recording(rng, sounds, str(case["split"]), pneumonia)
        if case["split"] == "train":
            case |= _probabilities(signs, child, case)
        cases.append(case)
    rows = pd.DataFrame(cases, columns=COLUMNS, dtype="object")
    return rows.where(rows.notna(), "")


def _probabilities(signs: Signs, child: bool, case: Record) -> Record:
    """The labels of a drawn case, given what its note and its recording tell."""
    told = log_likelihood_ratio(signs, "child" if child else "adult")
    if "audio" in case:
        crackling = any(case[f"sound:{event}"] == 1 for event in CRACKLES)
        told += log_likelihood_ratio({"crackles": crackling}, "adult")
    probability = round(1 / (1 + math.exp(-told)), 4)
    return {"pneumonia": probability, "no_finding": round(1 - probability, 4)}


def _with_recording(rng: Generator, sounds: pd.DataFrame, split: str, pneumonia: bool) -> Record:
    """What a drawn recording adds to a case; nothing where none can be had."""
    clip = _draw_recording(rng, sounds, split, pneumonia)
    if clip is None:
        return {}
    columns = ("audio", "events", *SOUND_COLUMNS)
    part: Record = {column: clip[column] for column in columns}
    return part | {"assembled": "notes+audio"}


def _draw_recording(
    rng: Generator, sounds: pd.DataFrame, split: str, pneumonia: bool
) -> Record | None:
    """Draw a recording of this split: crackles at their published rate, then one of that event."""
    if rng.random() < read_evidence()["adult"]["crackles"].rate(pneumonia):
        event = str(rng.choice(CRACKLES))
    else:
        event = str(rng.choice(list(OTHER_SOUNDS), p=list(OTHER_SOUNDS.values())))
    if sounds.empty:
        return None
    heard = (sounds["split"] == split) & (sounds[f"sound:{event}"] == 1)
    if event not in CRACKLES:  # one recording may hold several sounds
        heard &= ~(sounds[CRACKLING] == 1).any(axis=1)
    clips = sounds[heard.fillna(False)]
    if clips.empty:
        return None
    return clips.iloc[int(rng.integers(len(clips)))].to_dict()


def _from_recording(clip: Record) -> Record:
    columns = ("patient_id", "source", "split", "audio", "events", "sex", *SOUND_COLUMNS)
    return {"case_id": f"{clip['source']}-{clip['name']}", **{c: clip[c] for c in columns}}


def write_manifest(rows: pd.DataFrame, out: Path) -> None:
    """Write ``rows`` as CSV at ``out``, image and audio relative to its folder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.parent.absolute()
    written = rows.copy()
    for part in ("image", "audio"):
        written[part] = [
            Path(os.path.relpath(str(path), folder)).as_posix() if path else ""
            for path in written[part]
        ]
    written.to_csv(out, index=False, lineterminator="\n")


def thin(rows: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """At most ``limit`` rows, as evenly as can be over source and label."""
    shuffled = rows.sample(frac=1.0, random_state=seed)
    label = pd.to_numeric(shuffled["pneumonia"], errors="coerce").round().fillna(-1)
    turn = shuffled.groupby([shuffled["source"], label], sort=False).cumcount()
    first = turn.sort_values(kind="stable").index[:limit]
    return rows.loc[sorted(first)].reset_index(drop=True)


def prepare(
    data_folder: Path,
    out: Path,
    *,
    seed: int = 0,
    drawn: int = 0,
    with_films: bool = True,
    limit: int = 0,
    train: int = 0,
    mined: nih.Mined = "out",
) -> pd.DataFrame:
    """Run every recipe whose folder is under ``data_folder``, assemble, and write ``out``.

    ``drawn`` adds that many cases without a film; without ``with_films`` they are all there is.
    ``limit`` keeps so many of all, ``train`` so many of the train rows, evenly over source and
    label; 0 keeps them all. ``mined`` says what becomes of NIH's films that no radiologist read.

    Raises ManifestError where none of the sources is there.
    """
    films, clips = (
        [
            nih.read(data_folder / folder, mined)
            if name == "nih"
            else SOURCES[name](data_folder / folder)
            for name, folder in folders.items()
            if (data_folder / folder).is_dir()
        ]
        for folders in (CASE_FOLDERS, SOUND_FOLDERS)
    )
    if not films and not clips:
        known = ", ".join([*CASE_FOLDERS.values(), *SOUND_FOLDERS.values()])
        raise ManifestError(f"No known source in '{data_folder.name}'; looked for {known}.")
    images = pd.concat(films, ignore_index=True) if films else pd.DataFrame()
    sounds = pd.concat(clips, ignore_index=True) if clips else pd.DataFrame()
    parts = [assemble(images, sounds, seed=seed)] if with_films else []
    parts += [draw_cases(drawn, sounds, seed=seed)] if drawn else []
    rows = pd.concat(parts, ignore_index=True)
    if limit:
        rows = thin(rows, limit, seed)
    if train:
        taught = rows["split"] == "train"
        rows = pd.concat([thin(rows[taught], train, seed), rows[~taught]], ignore_index=True)
    write_manifest(rows, out)
    return rows


def prepare_source(
    name: str,
    folder: Path,
    out: Path,
    *,
    seed: int = 0,
    limit: int = 0,
    mined: nih.Mined = "out",
) -> pd.DataFrame:
    """Run one recipe on its ``folder`` and write what the source holds, nothing drawn, to ``out``.

    ``mined`` is for NIH's films alone: what becomes of those that no radiologist read.
    Raises ManifestError for an unknown name and for a folder that is not that source.
    """
    if name not in SOURCES:
        raise ManifestError(f"No source '{name}'; there are {ASSEMBLED}, {', '.join(SOURCES)}.")
    rows = nih.read(folder, mined) if name == "nih" else SOURCES[name](folder)
    rows = rows.assign(case_id=rows["source"] + "-" + rows["name"], notes_text=rows["note"])
    rows = rows.reindex(columns=COLUMNS).astype("object")
    rows = rows.where(rows.notna(), "")
    if limit:
        rows = thin(rows, limit, seed)
    write_manifest(rows, out)
    return rows
