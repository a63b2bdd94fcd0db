"""A note as the notes branch reads it, in training and serving alike."""

from __future__ import annotations

from dataclasses import dataclass

from tokenizers import Tokenizer

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.tokens import Tokens, batch_tokens, read_tokens
from mmbm.branches.parts import PreparedPart
from mmbm.case import Notes
from mmbm.text import sentence

__all__ = ["PreparedNotes", "prepare"]

NOTHING = Tokens([], [], [])


@dataclass(frozen=True, eq=False)
class PreparedNotes(PreparedPart):
    """``tensors``: token ids, (1, tokens) int64, and their number, (1,) int64."""

    tokens: Tokens = NOTHING


def prepare(notes: Notes, config: NotesConfig, tokenizer: Tokenizer) -> PreparedNotes:
    """One note as a batch of one."""
    tokens = read_tokens(tokenizer, notes.text, config.max_tokens)
    end = max(stop for _, stop in tokens.spans)
    warnings: tuple[str, ...] = ()
    if notes.text[end:].strip() and len(tokens.ids) == config.max_tokens:
        warnings = (sentence("notes.truncated", read=end, characters=len(notes.text)),)
    return PreparedNotes(batch_tokens([tokens]), warnings, tokens)
