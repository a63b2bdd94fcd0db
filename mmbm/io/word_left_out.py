"""What a reader of a Word document would see, or ask for, that is not in its text."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mmbm.text import Sentence, sentence

__all__ = ["LeftOut"]


@dataclass(slots=True)
class LeftOut:
    """Marked while the parts of a document are read."""

    hidden: bool = False
    struck: bool = False
    comments: bool = False
    pictures: bool = False
    linked: bool = False  # a document that stands elsewhere
    unknown_symbols: bool = False
    unfilled: bool = False

    def sentences(self) -> list[Sentence]:
        """One for each kind that was left out."""
        kinds = (field.name for field in fields(self) if getattr(self, field.name))
        return [sentence(f"io.word.left_out.{kind}") for kind in kinds]
