"""A row's files to a case that is ready for the encoders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mmbm.branches.branch import Reader
from mmbm.branches.registry import branch_of
from mmbm.case import MODALITIES, Case
from mmbm.config import Limits
from mmbm.errors import InputError, ManifestError, NoSignal, UnreadableFile
from mmbm.io import read_notes, read_picture, read_sound, typed_notes
from mmbm.model.config import ModelConfig
from mmbm.predict import Ready, make_ready
from mmbm.scale.places import Place
from mmbm.scale.rows import Row
from mmbm.text import Sentence, name_of, sentence

__all__ = ["Prepare"]

AHEAD = 2  # files that are decoded while a case is prepared
MOST = Limits().file_bytes


class Prepare:
    """Rows of one manifest -> cases, ready; or why not, a sentence each."""

    def __init__(self, url: str, config: ModelConfig, readers: Mapping[str, Reader]) -> None:
        self.manifest, self.config, self.readers = Place.of(url), config, readers

    def __call__(self, rows: Sequence[Row]) -> Iterator[Ready | Sentence]:
        """In the order of the rows; files are decoded, in processes of their own, ahead of need."""
        with ThreadPoolExecutor(AHEAD) as pool:
            for case in pool.map(self._case, rows):
                yield case if isinstance(case, Sentence) else self._ready(case)

    def _ready(self, case: Case) -> Ready | Sentence:
        try:
            return make_ready(case, self.config, self.readers, cues=True)
        except InputError as exc:
            return exc.sentence

    def _case(self, row: Row) -> Case | Sentence:
        if row.fault is not None:
            return row.fault
        try:
            return self._read(row)
        except InputError as exc:
            return exc.sentence

    def _read(self, row: Row) -> Case:
        """Raises InputError."""
        cells = row.cells
        notes = self._file(row, "notes", read_notes)
        if notes is None and cells.get("notes_text"):
            notes = typed_notes(cells["notes_text"])
        added = (m for m in self.config.modalities if m not in MODALITIES)
        case = Case(
            self._file(row, "image", read_picture),
            notes if "notes" in self.config.modalities else None,
            self._file(row, "audio", read_sound),
            **{m: branch_of(m).part_of_row(cells) for m in added},
        )
        if not case.present:
            read = tuple(name_of("modality", m) for m in self.config.modalities)
            raise NoSignal(sentence("predict.modalities", modalities=read))
        return case

    def _file(self, row: Row, part: str, read: Callable[[bytes, str], Any]) -> Any | None:
        name = row.cells.get(part)
        if not name or part not in self.config.modalities:
            return None
        place = self.manifest.beside(name)
        try:
            content = place.read(MOST + 1)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            reason = sentence("manifest.fault.no_file")
            file = self.manifest.name
            raise ManifestError(
                sentence("manifest.cell", line=row.line, file=file, column=part, reason=reason)
            ) from exc
        except (OSError, ValueError) as exc:
            raise UnreadableFile(sentence(f"io.case.not_opened.{part}")) from exc
        return read(content, place.name)
