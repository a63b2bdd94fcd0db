"""Tokens -> vectors: embedding and recurrent net, or a transformer from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.tokens import PAD_ID, UNKNOWN, UNKNOWN_ID
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = [
    "NotesEncoder",
    "TransformerEncoder",
    "notes_encoder",
    "open_transformer",
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
        super().__init__()
        transformers = _transformers()
        make = transformers.AutoConfig.for_model
        about = dict(config.transformer or {})
        kind = about.pop("model_type")
        # its own settings alone: others may name code, or weights to fetch
        own = set(make(kind).to_dict()) - {"_name_or_path", "dtype"}
        self.net: Any = transformers.AutoModel.from_config(
            make(kind, **{key: value for key, value in about.items() if key in own})
        )
        self.project = nn.Linear(self.net.config.hidden_size, features)

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
    kind = NotesEncoder if config.transformer is None else TransformerEncoder
    return kind(config, features)


def open_transformer(config: NotesConfig) -> tuple[NotesConfig, Tokenizer, dict[str, Tensor]]:
    """Read ``config.encoder``, a folder: its settings, its tokeniser, its weights. No download.

    Raises
    ------
    ConfigError
        The extra is missing, or the folder does not hold a net and a ``tokenizer.json``.
    """
    transformers = _transformers()
    folder = Path(config.encoder)
    try:
        net = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ConfigError(sentence("model.transformer_folder", folder=folder.name)) from exc
    tokenizer.no_padding()
    tokenizer.no_truncation()
    own = {
        "transformer": json.loads(net.config.to_json_string(use_diff=True)),
        "vocabulary": tokenizer.get_vocab_size(),
        "unknown": tokenizer.token_to_id(UNKNOWN) or UNKNOWN_ID,
        "max_tokens": min(config.max_tokens, net.config.max_position_embeddings),
        "encoder": folder.name,
    }
    return config.model_copy(update=own), tokenizer, net.state_dict()


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as exc:
        raise ConfigError(sentence("model.hf_extra")) from exc
    return transformers


def token_mask(lengths: Tensor, tokens: int) -> Tensor:
    """(batch,) lengths -> (batch, tokens) float32, 1 at a token, 0 at a pad."""
    return (torch.arange(tokens, device=lengths.device)[None] < lengths[:, None]).float()
