"""What a reader of one kind of notes hands on, before the text is cleaned and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mmbm.text import Sentence

__all__ = ["InnerReader", "NoteText"]


@dataclass(frozen=True, slots=True)
class NoteText:
    """The text that one file shows a careful reader, in reading order."""

    text: str
    file_format: str  # txt, md, pdf, docx, html, mail, fhir, cda
    pages: int = 1
    charset: str = "utf-8"
    warnings: tuple[Sentence, ...] = ()  # what was left out or is in doubt


InnerReader: TypeAlias = Callable[[bytes], NoteText]
"""Reads a file that stands inside another: an attachment, an imported part, an encoded block."""
