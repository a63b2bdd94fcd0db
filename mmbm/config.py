"""Settings, and how much input is taken.

TOML or JSON plus classes; an unknown key is an error that lists the valid ones. Those of a branch
stand in its folder, those of a model in :mod:`mmbm.model.config`, those of a run in
:mod:`mmbm.train.config`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails

from mmbm.errors import ConfigError
from mmbm.text import Sentence, sentence

__all__ = ["Limits", "Name", "Names", "Settings", "distinct"]


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
