"""Bytes in, case parts out: radiographs, clinical notes and sound recordings.

Every file is untrusted until it is decoded: its size is checked here, and it is decoded in a
child process with limits (:mod:`mmbm.io.sandbox`). The file's kind is told by its content, never
by its name alone.
"""

from __future__ import annotations

from typing import cast

from mmbm.case import Notes, Picture, Sound
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge
from mmbm.io import sandbox
from mmbm.io.sandbox import retire, warm
from mmbm.patient import Heading
from mmbm.text import sentence

__all__ = [
    "read_heading",
    "read_notes",
    "read_picture",
    "read_sound",
    "retire",
    "typed_notes",
    "warm",
]

_LIMITS = Limits()


def read_picture(content: bytes, name: str, *, frame: int = 0, limits: Limits = _LIMITS) -> Picture:
    """Read a radiograph: DICOM, PNG or JPEG.

    ``frame`` counts from 0 and picks one of a file with several.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    part = sandbox.run("mmbm.io.picture:decode", content, name, limits, frame=frame)
    return cast(Picture, part)


def read_heading(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Heading:
    """Read what a DICOM file says it is, and no pixel of it.

    Raises: UnreadableFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Heading, sandbox.run("mmbm.io.heading:decode", content, name, limits))


def read_notes(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Notes:
    """Read clinical notes: text, Markdown, PDF, Word, e-mail, a web page, FHIR or CDA.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Notes, sandbox.run("mmbm.io.notes:decode", content, name, limits))


def typed_notes(text: str, *, limits: Limits = _LIMITS) -> Notes:
    """Take clinical notes as typed. Raises TooLarge, NoSignal."""
    from mmbm.io.notes import from_text

    return from_text(text, limits)


def read_sound(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Sound:
    """Read a sound recording of nearly any format, also the sound of a video.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Sound, sandbox.run("mmbm.io.audio:decode", content, name, limits))


def _check_size(content: bytes, limits: Limits) -> None:
    if not content:
        raise NoSignal(sentence("io.file.empty"))
    if len(content) > limits.file_bytes:
        raise TooLarge(
            sentence(
                "io.file.too_large",
                megabytes=len(content) / 2**20,
                limit=limits.file_bytes / 2**20,
            )
        )
