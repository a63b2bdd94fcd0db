"""What was handed in for one part of a case, and the sample cases that can be handed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmbm.case import Modality, Notes, Picture, Sound
from mmbm.errors import MMBMError
from mmbm.io import read_notes, read_picture, read_sound, typed_notes
from mmbm.model.checkpoint import assets_folder

__all__ = ["SAMPLE_FILES", "Part", "sample_files", "samples"]

SAMPLE_FILES: dict[Modality, str] = {
    "image": "image.dcm",
    "notes": "notes.txt",
    "audio": "sound.wav",
}


@dataclass(slots=True)
class Part:
    """One modality's place in the intake: what was handed in, and what became of it."""

    content: bytes | None = None
    name: str = ""
    typed: str | None = None
    frame: int = 0
    value: Picture | Notes | Sound | None = None
    error: str = ""
    pending: bool = False  # handed in, not read yet
    turn: int = 0  # in the widgets' keys; a new turn empties them

    def offer(self, content: bytes, name: str) -> None:
        self.content, self.name, self.typed, self.frame = content, name, None, 0
        self.value, self.error, self.pending = None, "", True

    @property
    def given(self) -> bool:
        return self.pending or self.value is not None or bool(self.error)

    def clear(self) -> None:
        self.content, self.typed, self.value = None, None, None
        self.name, self.error, self.frame, self.pending = "", "", 0, False
        self.turn += 1

    def read(self, modality: Modality) -> None:
        """Decode what was handed in; a refusal becomes the part's error."""
        self.pending = False
        try:
            self.value = self._decoded(modality)
        except MMBMError as refusal:
            self.value, self.error = None, str(refusal)
        if not (isinstance(self.value, Picture) and self.value.frames > 1):
            self.content = None  # only a file with more frames is read again

    def _decoded(self, modality: Modality) -> Picture | Notes | Sound:
        if self.typed is not None:
            return typed_notes(self.typed)
        content = self.content or b""
        if modality == "image":
            return read_picture(content, self.name, frame=self.frame)
        if modality == "notes":
            return read_notes(content, self.name)
        return read_sound(content, self.name)


def samples() -> tuple[str, ...]:
    """The names of the sample cases that came with the program."""
    shelf = assets_folder() / "samples"
    return tuple(sorted(f.name for f in shelf.glob("*") if f.is_dir()))


def sample_files(name: str) -> dict[Modality, Path]:
    """The files of a sample case."""
    folder = assets_folder() / "samples" / name
    return {m: folder / file for m, file in SAMPLE_FILES.items() if (folder / file).is_file()}
