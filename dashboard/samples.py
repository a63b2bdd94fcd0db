"""The sample cases that came with the program."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from mmbm.case import Modality
from mmbm.storage import assets_folder

__all__ = ["sample_files", "sample_picture", "samples"]

FILES: dict[Modality, str] = {"image": "image.dcm", "notes": "notes.txt", "audio": "sound.wav"}


def samples() -> tuple[str, ...]:
    """The names of the sample cases."""
    shelf = assets_folder() / "samples"
    return tuple(sorted(f.name for f in shelf.glob("*") if f.is_dir()))


@cache
def sample_picture(name: str) -> str:
    """A sample's chest X-ray, small, as an address that holds the picture itself."""
    content = (assets_folder() / "thumbnails" / f"{name}.webp").read_bytes()
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def sample_files(name: str) -> dict[Modality, Path]:
    """The files of a sample case."""
    folder = assets_folder() / "samples" / name
    return {m: folder / file for m, file in FILES.items() if (folder / file).is_file()}
