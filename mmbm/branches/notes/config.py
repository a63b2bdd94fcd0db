"""Settings of the notes branch."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from mmbm.branches.settings import BranchSettings
from mmbm.text import sentence

__all__ = ["NotesConfig"]

# nets of Hugging Face transformers that read notes; each is built from its settings alone
TRANSFORMERS = (
    "albert", "bert", "big_bird", "camembert", "data2vec-text", "deberta", "deberta-v2",
    "distilbert", "electra", "ernie", "longformer", "megatron-bert", "mobilebert", "modernbert",
    "mpnet", "nystromformer", "roberta", "roformer", "squeezebert", "xlm-roberta", "xmod",
)  # fmt: skip


class NotesConfig(BranchSettings):
    """The notes branch."""

    vocabulary: int = Field(default=4000, ge=2, le=500_000)
    """Entries of the tokeniser."""
    embedding: int = Field(default=300, ge=1, le=4096)
    """Numbers of a token's embedding."""
    hidden: int = Field(default=128, ge=1, le=4096)
    """Units a direction."""
    layers: int = Field(default=2, ge=1, le=8)
    """Layers of the recurrent net."""
    max_tokens: int = Field(default=512, ge=1, le=16_384)
    """Tokens that are read; the rest is cut off and said."""
    unknown: int = Field(default=1, ge=0)
    """Number of the tokeniser's unknown token."""
    encoder: str = Field(default="gru", min_length=1, max_length=4096)
    """"gru", or the folder of a net of Hugging Face transformers (extra "hf")."""
    transformer: dict[str, Any] | None = None
    """That net's own settings, copied from the folder."""

    @field_validator("transformer")
    @classmethod
    def _of_notes(cls, about: dict[str, Any] | None) -> dict[str, Any] | None:
        if about is None:
            return None
        if about.get("model_type") not in TRANSFORMERS:
            raise ValueError(sentence("config.model_type", valid=", ".join(TRANSFORMERS)))
        for key, value in about.items():
            if ("layers" in key or "group" in key) and isinstance(value, int) and value > 100:
                raise ValueError(sentence("config.at_most_100", setting=key))
        return about
