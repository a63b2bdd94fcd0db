"""The notes branch: clinical notes through a recurrent net or a transformer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from mmbm.branches.branch import Array, Begun, Branch, Reader
from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.cues import cues_of_note
from mmbm.branches.notes.encoder import (
    TransformerEncoder,
    notes_encoder,
    token_mask,
)
from mmbm.branches.notes.evidence import NoteEvidence, words
from mmbm.branches.notes.prepare import (
    PreparedNotes,
    batch_tokens,
    prepare,
    read_tokenizer,
    train_tokenizer,
)
from mmbm.branches.parts import Evidence, Piece, Place, PreparedPart, Span, TensorInput
from mmbm.case import Notes
from mmbm.errors import ModelError
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.branches.space import InputSpace

__all__ = ["NotesBranch"]

TOKENIZER = "tokenizer.json"


class NotesBranch(Branch):
    """Reads :class:`mmbm.case.Notes`; its tool is the tokeniser."""

    name = "notes"
    settings = NotesConfig
    familiar_by_features = False
    of_tool = ("embed.",)
    batch = 16  # a recurrent net reads that many in a third of the time
    may_be_emptied = True  # a note of one word may lose it

    @property
    def spaces(self) -> Sequence[InputSpace]:
        from mmbm.branches.notes.space import WORDS

        return (WORDS,)

    def encoder(self, settings: NotesConfig, features: int) -> nn.Module:
        return notes_encoder(settings, features)

    def reader(self, settings: NotesConfig, encoder: Any, tool: Tokenizer) -> Reader:
        return lambda notes: prepare(notes, settings, tool)

    def blank(self, settings: NotesConfig) -> tuple[Tensor, ...]:
        return torch.ones(1, 1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)

    def inputs(self, settings: NotesConfig) -> tuple[TensorInput, ...]:
        return (
            TensorInput(f"{self.name}_ids", ("tokens",), sentence("export.input.ids")),
            TensorInput(f"{self.name}_lengths", (), sentence("export.input.lengths")),
        )

    def trial(self, settings: NotesConfig, rows: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        most = min(settings.max_tokens, 24)
        lengths = torch.randint(1, most + 1, (rows,), generator=draw)
        ids = torch.randint(settings.vocabulary, (rows, int(lengths.max())), generator=draw)
        return (ids * token_mask(lengths, ids.shape[1]).long(), lengths)

    def exportable(self, settings: NotesConfig, encoder: Any) -> nn.Module:
        from mmbm.branches.notes.exported import exportable

        return exportable(encoder)

    def counted(self, settings: Any, cells: Tensor, *tensors: Tensor) -> Tensor:
        ids, lengths = tensors
        return token_mask(lengths, ids.shape[1])

    def collate(self, parts: Sequence[PreparedPart]) -> tuple[Tensor, ...]:
        return batch_tokens([part.tokens for part in parts if isinstance(part, PreparedNotes)])

    def alike(self, part: PreparedPart) -> Hashable:
        return part.tensors[0].shape[1].bit_length()  # no note is padded to twice its length

    def grid_of(self, grid: tuple[int, ...], part: PreparedPart) -> tuple[int, ...]:
        return (part.tensors[0].shape[1],)

    def tool(
        self, held: Mapping[str, bytes], settings: NotesConfig, encoder: Any, of: str
    ) -> Tokenizer:
        if TOKENIZER not in held:
            raise ModelError(sentence("model.incomplete", model=of, file=TOKENIZER))
        what = sentence("model.file", file=TOKENIZER, model=of)
        known = int(encoder.embed.num_embeddings)
        return read_tokenizer(held[TOKENIZER], what, known, settings)

    def tool_files(self, tool: Tokenizer) -> dict[str, bytes]:
        return {TOKENIZER: tool.to_str().encode("utf-8")}

    def begun(self, settings: NotesConfig, texts: Sequence[str]) -> Begun:
        if settings.of_transformers:
            from mmbm.branches.notes.own import begun_from_folder

            return begun_from_folder(settings)
        tokenizer = train_tokenizer(texts, settings.vocabulary)
        known = {"vocabulary": tokenizer.get_vocab_size()}
        return Begun(settings.model_copy(update=known), tokenizer, sized=("vocabulary",))

    def slow(self, encoder: Any) -> Sequence[nn.Module]:
        return [encoder.net] if isinstance(encoder, TransformerEncoder) else []

    def carried(self, encoder: Any, tool: Tokenizer, before: Any, old_tool: Tokenizer) -> None:
        """Every token that was known before keeps its embedding."""
        if isinstance(encoder, TransformerEncoder):
            return
        old = old_tool.get_vocab()
        for token, row in tool.get_vocab().items():
            if token in old:
                encoder.embed.weight[row] = before.embed.weight[old[token]]

    def evidence(self, shares: Array, prepared: PreparedNotes) -> Sequence[Evidence]:
        return [NoteEvidence(told) for told in words(prepared.tokens, shares)]

    def pieces(self, values: Any, prepared: Any, part: Notes) -> list[Piece]:
        return [
            Piece(Span(word.start, word.end), word.share)
            for word in values
            if any(c.isalnum() for c in part.text[word.start : word.end])
        ]

    def without(self, part: Notes, places: Sequence[Place]) -> Notes:
        from mmbm.branches.notes.edits import drop_words

        return drop_words(part, *(place for place in places if isinstance(place, Span)))

    def takes(self, settings: NotesConfig) -> str:
        return sentence("card.takes.notes")

    def built(self, settings: NotesConfig) -> str:
        if settings.transformer is not None:
            return sentence("card.transformer", kind=settings.transformer["model_type"])
        return sentence("card.gru", layers=settings.layers, hidden=settings.hidden)

    def cues(self, part: Notes, prepared: PreparedNotes, settings: Any) -> dict[str, float]:
        foreign = part.language == "other"
        return cues_of_note(prepared.tokens, part.text, settings.unknown, foreign=foreign)

    def described(
        self, part: Notes, prepared: Any, evidence: Mapping[str, Evidence]
    ) -> dict[str, Any]:
        return {
            "format": part.file_format,
            "characters": len(part.text),
            "pages": part.pages,
            "language": part.language,
        }
