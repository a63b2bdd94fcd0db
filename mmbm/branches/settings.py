"""Settings that every branch has, those of an encoder from a folder, and fields of numbers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple, Self

import pydantic

from mmbm.config import Name, Settings, distinct
from mmbm.text import sentence

__all__ = ["BranchSettings", "Field", "NetSettings"]

MOST_LAYERS = 100


class BranchSettings(Settings):
    """Settings of one branch; subclasses add their own."""

    events: Annotated[
        tuple[Name, ...],
        pydantic.Field(max_length=256),
        pydantic.FailFast(),
        pydantic.AfterValidator(distinct),
    ] = ()
    """Labels of a second head, which reads this branch's feature alone; empty: no such head."""


class NetSettings(BranchSettings):
    """Settings of a branch whose encoder may be a net from a folder."""

    families: ClassVar[tuple[str, ...]] = ()
    """Kinds of nets of Hugging Face transformers that it reads, each built from settings alone."""

    folder: str = pydantic.Field(default="", max_length=4096)
    """A local folder with the encoder's net, as `save_pretrained` writes one (extra `encoders`)."""
    frozen: bool = False
    """Keep that net as it is; only the linear layer behind it learns."""
    learning_rate_factor: float = pydantic.Field(default=1.0, gt=0.0, le=100.0)
    """Times `image_learning_rate`: the rate at which that net learns."""
    transformer: dict[str, Any] | None = None
    """Its own settings, copied from the folder; a run writes them."""

    @pydantic.field_validator("transformer")
    @classmethod
    def _known(cls, about: dict[str, Any] | None) -> dict[str, Any] | None:
        if about is None:
            return None
        if about.get("model_type") not in cls.families:
            raise ValueError(sentence("config.model_type", valid=", ".join(cls.families)))
        for key, value in about.items():
            many = isinstance(value, int) and value > MOST_LAYERS
            if many and ("layers" in key or "group" in key):
                raise ValueError(sentence("config.at_most_100", setting=key))
        return about

    @pydantic.model_validator(mode="after")
    def _together(self) -> Self:
        """A net's own settings are those of a net from a folder."""
        if self.transformer is not None and not self.of_transformers:
            raise ValueError(sentence("encoder.pair"))
        if self.of_transformers and not (self.folder or self.transformer):
            raise ValueError(sentence("encoder.no_folder"))
        return self

    @property
    def of_transformers(self) -> bool:
        """Whether the encoder is a net of Hugging Face transformers."""
        return getattr(self, "encoder", "") == "transformers"


class Field(NamedTuple):
    """A measurement by its name, with its unit and what it can be."""

    name: str  # of its column, and its key
    label: str  # for the reader
    unit: str
    low: float  # outside these two a value is refused
    high: float
    step: float = 1.0
