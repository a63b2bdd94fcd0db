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
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from mmbm.data.manifest import LOCATED
from mmbm.data.sources.rows import FINDINGS, LABELS, SOUND_COLUMNS
from mmbm.data.synthesis.notes import Language, Signs, draw_signs, write_from_signs, write_note
from mmbm.data.synthesis.signs import log_likelihood_ratio, read_evidence

__all__ = ["COLUMNS", "assemble", "draw_cases"]

Record = dict[Hashable, Any]  # one row, by column

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
