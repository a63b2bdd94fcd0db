"""Every file of a manifest read once: what was measured of it, or why it could not be read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mmbm.data.check.film import FilmFacts, measure_film
from mmbm.data.check.sound import SoundFacts, measure_sound
from mmbm.data.corpus import Progress
from mmbm.data.manifest import Manifest
from mmbm.errors import InputError
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.text import sentence

__all__ = ["Examined", "Listed", "examine", "listed_files"]

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One file and the rows of the manifest that name it."""

    path: Path
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """All files of a manifest that are there, and what was found in them."""

    listed: dict[str, list[Listed]]  # by modality
    films: dict[Path, FilmFacts]
    sounds: dict[Path, SoundFacts]
    notes: list[str]  # one a row, blank where there is none or it could not be read
    unreadable: dict[Path, str]  # why


def listed_files(manifest: Manifest, part: str) -> list[Listed]:
    """The distinct files of one modality that are there, in the order of the rows."""
    rows: dict[Path, list[int]] = {}
    for row in range(len(manifest.rows)):
        path = manifest.path(row, part)
        if path is not None and path.is_file():
            rows.setdefault(path, []).append(row)
    return [Listed(path, tuple(named)) for path, named in rows.items()]


def examine(manifest: Manifest, progress: Progress) -> Examined:
    """Decode and measure every file, each in the readers' sandbox."""
    listed = {part: listed_files(manifest, part) for part in ("image", "notes", "audio")}
    unreadable: dict[Path, str] = {}

    def each(part: str, what: str, measure: Callable[[bytes, str], Facts]) -> dict[Path, Facts]:
        def read(file: Listed) -> Facts | str:
            try:
                return measure(file.path.read_bytes(), file.path.name)
            except InputError as exc:
                return exc.sentence
            except OSError:
                return sentence("data.not_opened")

        facts: dict[Path, Facts] = {}
        with ThreadPoolExecutor(2) as pool:
            for done, found in enumerate(pool.map(read, listed[part]), start=1):
                path = listed[part][done - 1].path
                if isinstance(found, str):
                    unreadable[path] = found
                else:
                    facts[path] = found
                progress(what, done, len(listed[part]))
        return facts

    films = each("image", "films", lambda content, name: measure_film(read_picture(content, name)))
    sounds = each("audio", "recordings", lambda b, name: measure_sound(read_sound(b, name)))
    files = each("notes", "notes", lambda content, name: (read_notes(content, name).text,))
    notes = [str(text) for text in manifest.rows["notes_text"]]
    for file in listed["notes"]:
        for row in file.rows:
            notes[row] = files.get(file.path, ("",))[0]
    return Examined(listed, films, sounds, notes, unreadable)
