"""Tokens -> vectors: embedding and recurrent net, or a transformer from a folder."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.prepare import PAD_ID

__all__ = [
    "NotesEncoder",
    "TransformerEncoder",
    "notes_encoder",
    "token_mask",
]


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
        if len(ids) == 1 and int(lengths) == ids.shape[1] and not torch.is_grad_enabled():
            states = self.recur(embedded)[0]  # one note alone has no pads: a tenth faster
        else:
            packed = pack_padded_sequence(
                embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            states, _ = pad_packed_sequence(
                self.recur(packed)[0], batch_first=True, total_length=ids.shape[1]
            )
        vectors: Tensor = self.project(states).transpose(1, 2)
        return vectors


class TransformerEncoder(nn.Module):
    """The same slot, read by a net of Hugging Face transformers."""

    def __init__(self, config: NotesConfig, features: int) -> None:
        from mmbm.branches.from_folder import built

        super().__init__()
        self.net: Any = built(config.transformer or {})
        self.frozen = config.frozen
        if config.frozen:
            self.net.requires_grad_(False)
        self.project = nn.Linear(self.net.config.hidden_size, features)

    def train(self, mode: bool = True) -> Self:
        """A frozen net stays as it is, its dropout too."""
        super().train(mode)
        if self.frozen:
            self.net.eval()
        return self

    @property
    def embed(self) -> nn.Module:
        """The word embeddings, for attribution."""
        layer: nn.Module = self.net.get_input_embeddings()
        return layer

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """(batch, tokens) int64, (batch,) int64 -> (batch, features, tokens)."""
        mask = token_mask(lengths, ids.shape[1])
        states = self.net(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors: Tensor = self.project(states).transpose(1, 2)
        return vectors


def notes_encoder(config: NotesConfig, features: int) -> NotesEncoder | TransformerEncoder:
    """The encoder that the settings name."""
    kind = TransformerEncoder if config.of_transformers else NotesEncoder
    return kind(config, features)


def token_mask(lengths: Tensor, tokens: int) -> Tensor:
    """(batch,) lengths -> (batch, tokens) float32, 1 at a token, 0 at a pad."""
    return (torch.arange(tokens, device=lengths.device)[None] < lengths[:, None]).float()
