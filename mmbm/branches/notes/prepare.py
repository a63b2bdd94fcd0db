"""A note as the notes branch reads it, in training and serving alike: as tokens with places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.parts import PreparedPart
from mmbm.case import Notes
from mmbm.errors import ModelError
from mmbm.text import sentence

__all__ = [
    "PAD",
    "PAD_ID",
    "UNKNOWN",
    "UNKNOWN_ID",
    "PreparedNotes",
    "Tokens",
    "batch_tokens",
    "prepare",
    "read_tokenizer",
    "read_tokens",
    "tokenise",
    "train_tokenizer",
]

PAD, UNKNOWN = "[PAD]", "[UNK]"
CHARACTERS_PER_TOKEN = 8  # of a note that are tokenised at first; English has about 5
SPARE_TOKENS = 64  # tokenised beyond those kept, so that the cut falls into none of them
PAD_ID, UNKNOWN_ID = 0, 1  # in every tokeniser that train_tokenizer makes
# words, figures, Chinese, a control sign and a letter that no vocabulary holds
TRIAL = "Fever 38.6, denies chest pain. 发热三天 \x01 \U000143f0"
MOST = 1000  # tokens of the trial
ROOM, EACH = 2**20, 2**10  # bytes of a tokeniser's file, and for each token


class Tokens(NamedTuple):
    """A note as the model reads it."""

    ids: list[int]
    spans: list[tuple[int, int]]  # character range of each token in the original text
    words: list[int]  # which word each token is a piece of


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


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Byte-pair encoding in which every Chinese character is a word of its own; case is folded."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.BertNormalizer(handle_chinese_chars=True, strip_accents=False),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[PAD, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tokenise(tokenizer: Tokenizer, text: str, max_tokens: int) -> Tokens:
    """The first ``max_tokens`` tokens, each with its place in the text.

    Only as much of the text is tokenised as they need, for one character may cost many tokens.
    """
    characters = CHARACTERS_PER_TOKEN * max_tokens
    encoding = tokenizer.encode(text[:characters])
    while characters < len(text) and len(encoding.ids) < max_tokens + SPARE_TOKENS:
        characters *= 2
        encoding = tokenizer.encode(text[:characters])
    words = [-1 if word is None else word for word in encoding.word_ids]
    return Tokens(encoding.ids[:max_tokens], encoding.offsets[:max_tokens], words[:max_tokens])


def batch_tokens(notes: list[Tokens]) -> tuple[Tensor, Tensor]:
    """Notes as one padded tensor: (notes, longest) int64 and their lengths, (notes,) int64."""
    lengths = torch.tensor([len(t.ids) for t in notes])
    padded = torch.zeros(len(notes), int(lengths.max()), dtype=torch.int64)
    for row, t in zip(padded, notes, strict=True):
        row[: len(t.ids)] = torch.tensor(t.ids)
    return padded, lengths


def read_tokens(tokenizer: Tokenizer, text: str, max_tokens: int) -> Tokens:
    """A note's tokens; a note with none that is known reads as one pad."""
    tokens = tokenise(tokenizer, text, max_tokens)
    return tokens if tokens.ids else Tokens([PAD_ID], [(0, 0)], [0])


def read_tokenizer(content: bytes, what: str, tokens: int, config: NotesConfig) -> Tokenizer:
    """A tokeniser whose every token is one of the ``tokens`` that the net knows.

    It neither pads nor cuts, whatever the file says: the model does that.

    Raises
    ------
    ModelError
        Calling the file ``what``.
    """
    if len(content) > ROOM + EACH * tokens:
        raise ModelError(sentence("model.tokenizer_large", file=what, tokens=tokens))
    try:
        tokenizer = Tokenizer.from_str(content.decode("utf-8"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tried = [*tokenizer.encode(TRIAL).ids, *tokenizer.encode("").ids]
    except BaseException as exc:  # the library raises bare Exception, and panics past it
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        raise ModelError(sentence("model.tokenizer", file=what)) from exc
    if getattr(tokenizer.model, "dropout", None):
        raise ModelError(sentence("model.tokenizer_random", file=what))
    if len(tried) > MOST:
        raise ModelError(sentence("model.tokenizer_many", file=what, tokens=len(tried)))
    highest = max([*tokenizer.get_vocab().values(), *tried, config.unknown], default=0)
    if highest >= tokens:
        raise ModelError(
            sentence("model.tokenizer_number", file=what, highest=highest, tokens=tokens)
        )
    return tokenizer
