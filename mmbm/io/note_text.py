"""What a reader of one kind of notes hands on, before the text is cleaned and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["InnerReader", "NoteText", "counted"]


@dataclass(frozen=True, slots=True)
class NoteText:
    """The text that one file shows a careful reader, in reading order."""

    text: str
    file_format: str  # txt, md, pdf, docx, html, mail, fhir, cda
    pages: int = 1
    charset: str = "utf-8"
    warnings: tuple[str, ...] = ()  # what was left out or is in doubt, as sentences


InnerReader: TypeAlias = Callable[[bytes], NoteText]
"""Reads a file that stands inside another: an attachment, an imported part, an encoded block."""


def counted(count: int, thing: str, things: str = "") -> str:
    """``1 picture``, ``3 pictures``."""
    return f"{count} {thing if count == 1 else things or thing + 's'}"
