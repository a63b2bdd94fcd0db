"""Settings, and how much input is taken.

TOML or JSON plus classes; an unknown key is an error that lists the valid ones. The settings that
every branch has stand here, its own in its folder, those of a model in :mod:`mmbm.model.config`,
those of a run in :mod:`mmbm.train.config`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from mmbm.errors import ConfigError
from mmbm.text import Sentence, sentence

__all__ = ["BranchSettings", "Limits", "Name", "Names", "NetSettings", "Settings", "distinct"]

MOST_LAYERS = 100  # of a net from a folder


Item = TypeVar("Item")


def distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items, each named once. Raises ValueError."""
    if len(set(items)) < len(items):
        raise ValueError(sentence("config.twice"))
    return items


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError(sentence("config.name"))
    return name


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Names = Annotated[
    tuple[Name, ...], Field(min_length=1, max_length=256), FailFast(), AfterValidator(distinct)
]


class Settings(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def keys(cls) -> list[str]:
        """The valid keys."""
        return list(cls.model_fields)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read TOML or JSON by its suffix. Raises ConfigError naming the key at fault."""
        try:
            content = path.read_text(encoding="utf-8")
            raw = tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
        except (OSError, ValueError) as exc:
            raise ConfigError(sentence("config.unreadable", file=path.name)) from exc
        return cls.parse(raw)

    @classmethod
    def parse(cls, raw: dict[str, Any], *, strict: bool = False) -> Self:
        """From TOML or JSON as read; ``strict`` takes a number for a number only, not its text."""
        try:
            if strict:
                return cls.model_validate_json(json.dumps(raw), strict=True)
            return cls.model_validate(raw)
        except ValidationError as exc:
            first = exc.errors()[0]
            key = " ".join(".".join(str(part) for part in first["loc"]).split())[:100]
            if first["type"] == "extra_forbidden":
                valid = ", ".join(_keys_at(cls, first["loc"][:-1]))
                unknown = sentence("config.unknown_setting", setting=key, valid=valid)
                raise ConfigError(unknown) from exc
            raise ConfigError(
                sentence("config.invalid", setting=key, reason=_reason(first))
            ) from exc


def _reason(error: ErrorDetails) -> Sentence:
    """What is wrong with a setting, from what pydantic found."""
    about = error.get("ctx", {})
    if isinstance(own := about.get("error"), ValueError) and own.args:
        said = own.args[0]
        return said if isinstance(said, Sentence) else sentence("config.kind")
    kind = error["type"]
    for name, code in _BOUNDS.items():
        if kind.startswith(name):
            return sentence(f"config.bound.{code}", limit=next(iter(about.values())))
    if kind == "literal_error":
        return sentence("config.one_of", valid=str(about["expected"]).replace(" or ", ", "))
    if kind == "missing":
        return sentence("config.missing")
    return sentence("config.length" if kind.endswith(("_short", "_long")) else "config.kind")


_BOUNDS = {  # by the start of pydantic's types of errors
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "greater_than": "above",
    "less_than": "below",
}


def _keys_at(cls: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    at: Any = cls()
    for part in path:
        inner = getattr(at, str(part), None)
        if not isinstance(inner, BaseModel):
            break
        at = inner
    return at.keys() if isinstance(at, Settings) else list(type(at).model_fields)


class BranchSettings(Settings):
    """Settings of one branch; subclasses add their own."""

    events: Annotated[
        tuple[Name, ...],
        Field(max_length=256),
        FailFast(),
        AfterValidator(distinct),
    ] = ()
    """Labels of a second head, which reads this branch's feature alone; empty: no such head."""


class NetSettings(BranchSettings):
    """Settings of a branch whose encoder may be a net from a folder."""

    families: ClassVar[tuple[str, ...]] = ()
    """Kinds of nets of Hugging Face transformers that it reads, each built from settings alone."""

    folder: str = Field(default="", max_length=4096)
    """A local folder with the encoder's net, as `save_pretrained` writes one (extra `encoders`)."""
    frozen: bool = False
    """Keep that net as it is; only the linear layer behind it learns."""
    learning_rate_factor: float = Field(default=1.0, gt=0.0, le=100.0)
    """Times `image_learning_rate`: the rate at which that net learns."""
    transformer: dict[str, Any] | None = None
    """Its own settings, copied from the folder; a run writes them."""

    @field_validator("transformer")
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

    @model_validator(mode="after")
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


class Limits(Settings):
    """How much of an upload is read at all; checked before decoding."""

    file_bytes: int = 64 * 2**20
    """Bytes of one file."""
    pixels: int = 64_000_000
    """Rows x columns of one frame."""
    frames: int = 512
    """Frames of one file."""
    audio_seconds: float = 600.0
    """Length of a recording."""
    notes_characters: int = 200_000
    """Characters of the notes."""
    pages: int = 200
    """Pages of a PDF or Word file."""
    decode_seconds: float = 30.0
    """Wall clock of the child process for one file."""
    decode_memory: int = 3 * 2**30
    """Bytes of address space that the child process may take."""
