"""The notes branch: tokeniser, embedding, recurrent net."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmbm.config import NotesConfig

__all__ = ["PAD_ID", "UNKNOWN_ID", "NotesEncoder", "Tokens", "tokenise", "train_tokenizer"]

PAD, UNKNOWN = "[PAD]", "[UNK]"
PAD_ID, UNKNOWN_ID = 0, 1  # in every tokeniser that train_tokenizer makes


class Tokens(NamedTuple):
    """A note as the model reads it."""

    ids: list[int]
    spans: list[tuple[int, int]]  # character range of each token in the original text
    words: list[int]  # which word each token is a piece of


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
    """The first ``max_tokens`` tokens, each with its place in the text."""
    encoding = tokenizer.encode(text)
    words = [-1 if word is None else word for word in encoding.word_ids]
    return Tokens(encoding.ids[:max_tokens], encoding.offsets[:max_tokens], words[:max_tokens])


class NotesEncoder(nn.Module):
    """Tokens -> one vector for each token, which has read the whole note both ways."""

    def __init__(self, config: NotesConfig, features: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.vocabulary, config.embedding, padding_idx=PAD_ID)
        self.drop = nn.Dropout(0.2)
        self.recur = nn.GRU(
            config.embedding,
            config.hidden,
            num_layers=config.layers,
            bidirectional=True,
            batch_first=True,
            dropout=0.2 if config.layers > 1 else 0.0,
        )
        self.project = nn.Linear(2 * config.hidden, features)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """(batch, tokens) int64, (batch,) int64 -> (batch, features, tokens); pads hold no news."""
        embedded = self.drop(self.embed(ids))  # (batch, tokens, embedding)
        packed = pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.recur(packed)[0], batch_first=True, total_length=ids.shape[1]
        )
        vectors: Tensor = self.project(states).transpose(1, 2)
        return vectors


def token_mask(lengths: Tensor, tokens: int) -> Tensor:
    """(batch,) lengths -> (batch, tokens) float32, 1 at a token, 0 at a pad."""
    return (torch.arange(tokens, device=lengths.device)[None] < lengths[:, None]).float()
