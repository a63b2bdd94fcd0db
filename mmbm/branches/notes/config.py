"""Settings of the notes branch."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mmbm.config import NetSettings

__all__ = ["NotesConfig"]


class NotesConfig(NetSettings):
    """The notes branch."""

    families: ClassVar[tuple[str, ...]] = (
        "albert", "bert", "big_bird", "camembert", "data2vec-text", "deberta", "deberta-v2",
        "distilbert", "electra", "ernie", "longformer", "megatron-bert", "mobilebert", "modernbert",
        "mpnet", "nystromformer", "roberta", "roformer", "squeezebert", "xlm-roberta", "xmod",
    )  # fmt: skip

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
    encoder: Literal["gru", "transformers"] = "gru"
    """`gru`: a recurrent net with a tokeniser of its own; `transformers`: the net in `folder`, with
    the folder's tokeniser."""
