"""Writes a small manifest with its files, made to show what a data check finds.

Films are phantoms, notes and sounds are synthesised; nothing comes from a patient. Its faults are
the usual ones: a patient and a file in two splits, a file that is not there, a label that the
hospital and the view give away, a note that names the disease, a film stored as its negative.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from mmbm.data.synthesis.lung_sounds import RATE, synthesise
from mmbm.data.synthesis.notes import write_note
from mmbm.data.synthesis.phantom import Build, Patch, draw_film

__all__ = ["write_example"]

CASES = 28
PIXELS, SMALL = 224, 160  # a side; one film is smaller than it should be
QUALITY = 45  # of the JPEGs
SPLITS = ("train", "train", "train", "val", "test")
ILL = {"north": 11, "south": 3}  # of 14 each: the hospital tells the label
NEGATIVE, SHRUNK, COPIED, SECOND, ABSENT, NAMING = 8, 12, 18, 14, 20, 5  # cases
HEARD = (1, 3, 5, 7)  # cases with a lung sound: the ill ones, as in many a collection
SECONDS = 5.5
WHITE = 4095.0


def write_example(folder: Path) -> Path:
    """Write ``manifest.csv`` and its files; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(folder))
    path = folder / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _rows(folder: Path) -> Iterator[dict[str, object]]:
    for case in range(CASES):
        rng = np.random.default_rng((21, case))
        source = "north" if case % 2 else "south"
        ill = case // 2 < ILL[source]
        film, sound = f"film-{case:02}.jpg", ""
        if case != ABSENT:
            _film(rng, ill, case).save(folder / film, quality=QUALITY, optimize=True)
        if case == COPIED:  # the same film again, under its own name
            film_before = folder / f"film-{case - 1:02}.jpg"
            (folder / film).write_bytes(film_before.read_bytes())
        if case in HEARD:
            sound = f"sound-{case:02}.ogg"
            _sound(rng, ill, folder / sound)
        note = write_note(
            rng,
            pneumonia=ill,
            language="zh" if case % 7 == 6 else "en",
            child=False,
            age=int(rng.integers(30, 80)),
            sex="FM"[case // 2 % 2],
        )
        if case == NAMING:
            note += " Chest X-ray: right lower lobe pneumonia."
        yield {
            "case_id": f"case-{case:02}",
            "patient_id": f"patient-{case - 1 if case == SECOND else case:02}",
            "source": source,
            "split": SPLITS[case % len(SPLITS)],
            "view": "AP" if ill == (case % 9 != 0) else "PA",
            "image": film,
            "audio": sound,
            "notes_text": " ".join(note.split()),
            "pneumonia": int(ill),
            "sound:coarse_crackles": int(ill) if sound else "",
        }


def _film(rng: Generator, ill: bool, case: int) -> Image.Image:
    """A phantom, with an opacity where the case is ill."""
    centre = float(rng.choice((-1, 1))) * float(rng.uniform(7.5, 9.5)), float(rng.uniform(19, 28))
    patch = Patch(*centre, float(rng.uniform(3, 5)), float(rng.uniform(3, 5)), 0.6)
    build = Build(
        scale=float(rng.uniform(0.85, 1.1)),
        heart_width=float(rng.uniform(0.8, 1.25)),
        heart_lift=float(rng.uniform(-1.0, 2.5)),
        rib_drop=float(rng.uniform(0.7, 1.3)),
        patches=(patch,) if ill else (),
    )
    film = draw_film(build, SMALL if case == SHRUNK else PIXELS, rng)
    return Image.fromarray(_greys(film, negative=case == NEGATIVE))


def _greys(film: NDArray[np.uint16], *, negative: bool) -> NDArray[np.uint8]:
    """12-bit (rows, columns) as 8-bit."""
    shown = film / WHITE
    return np.round(255 * (1 - shown if negative else shown)).astype(np.uint8)


def _sound(rng: Generator, ill: bool, path: Path) -> None:
    sound = synthesise(
        rng,
        seconds=SECONDS,
        breaths_per_minute=float(rng.uniform(14, 26)),
        beats_per_minute=float(rng.uniform(60, 110)),
        crackles="coarse" if ill else "none",
    )
    soundfile.write(path, sound, RATE, format="OGG", subtype="VORBIS", compression_level=1.0)
