"""What a reader of a Word document would see, or ask for, that is not in its text."""

from __future__ import annotations

from dataclasses import dataclass, fields

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

    def sentences(self) -> list[str]:
        """One for each kind that was left out."""
        return [_SENTENCES[field.name] for field in fields(self) if getattr(self, field.name)]


_SENTENCES = {
    "hidden": "Hidden text in the document was left out.",
    "struck": "Text that is struck through was left out.",
    "comments": "The comments in the document were not read.",
    "pictures": "Pictures and embedded objects in the document were not read.",
    "linked": "A document that this one only links to was not read.",
    "unknown_symbols": "A symbol is not known; \ufffd stands in its place.",
    "unfilled": "Fields of the form that are not filled in were left out.",
}
