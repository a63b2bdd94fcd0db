"""The sample cases' logits, stored with the model: what tells that the numbers moved.

``mmbm evaluate --write`` stores them as ``golden.json``; a test compares them with what the
program gives now.
"""

from __future__ import annotations

import json
from pathlib import Path

from mmbm.case import Case
from mmbm.errors import ModelError
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.predict import Predictor
from mmbm.storage import assets_folder, put, read_json, take
from mmbm.text import sentence

__all__ = [
    "GOLDEN",
    "Logits",
    "read_golden",
    "sample_case",
    "sample_cases",
    "sample_logits",
    "write_golden",
]

GOLDEN = "golden.json"
Logits = dict[str, dict[str, float]]  # sample case, finding


def sample_case(folder: Path) -> Case:
    """Read a case written as ``mmbm sample`` writes it: film, notes and sound."""
    return Case(
        image=read_picture((folder / "image.dcm").read_bytes(), "image.dcm"),
        notes=read_notes((folder / "notes.txt").read_bytes(), "notes.txt"),
        audio=read_sound((folder / "sound.wav").read_bytes(), "sound.wav"),
    )


def sample_cases() -> dict[str, Case]:
    """The sample cases that came with the program, by name; {} where none did."""
    folders = sorted(f for f in (assets_folder() / "samples").glob("*") if f.is_dir())
    return {folder.name: sample_case(folder) for folder in folders}


def sample_logits(predictor: Predictor) -> Logits:
    """Each sample case's logits, in log-odds."""
    return {
        name: {finding.name: finding.logit for finding in predictor.predict(case).findings}
        for name, case in sample_cases().items()
    }


def write_golden(folder: Path) -> None:
    """Store in a model's folder what it says of the sample cases, scored on the CPU.

    Raises
    ------
    ModelError
    """
    logits = sample_logits(Predictor.load(folder, "cpu"))
    put(folder, GOLDEN, (json.dumps(logits, indent=1) + "\n").encode())


def read_golden(folder: Path) -> Logits:
    """What :func:`write_golden` stored.

    Raises
    ------
    ModelError
        There is none, or it is damaged.
    """
    content = take(folder, GOLDEN)
    if content is None:
        raise ModelError(sentence("evaluate.no_golden", folder=folder.name, file=GOLDEN))
    logits: Logits = read_json(content, sentence("model.file", file=GOLDEN, model=folder.name))
    return logits
