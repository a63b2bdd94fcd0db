"""Words taken from a note, for a what-if: what stands around them stays as it is."""

from __future__ import annotations

from dataclasses import replace

from mmbm.branches.parts import Span
from mmbm.case import Notes

__all__ = ["drop_words"]


def drop_words(notes: Notes, *words: Span) -> Notes:
    """The note without these characters; what stands around them stays as it is."""
    kept, at = [], 0
    for start, end in sorted(words):
        kept.append(notes.text[at : int(start)])
        at = max(at, int(end))
    return replace(notes, text="".join([*kept, notes.text[at:]]))
