"""What a network is made of; stored beside its weights as ``config.json``."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationInfo,
    create_model,
    model_validator,
)

from mmbm.branches.registry import branch_of, built_in, known
from mmbm.config import Name, Names, Settings, distinct
from mmbm.text import sentence

__all__ = ["ModelConfig"]


def _known(modality: str) -> str:
    if modality not in known():
        raise ValueError(sentence("config.one_of", valid=", ".join(known())))
    return modality


class ModelConfig(Settings):
    """What the network is made of. The settings of each branch stand under its modality's name."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    name: Name = "untitled"
    """Name of the model."""
    version: Name = "0.0.0"
    """Version of the model."""
    features: int = Field(default=128, ge=1, le=4096)
    """Width of the features that all modalities share."""
    modalities: Annotated[
        tuple[Annotated[str, AfterValidator(_known)], ...],
        Field(min_length=1, max_length=8),
        FailFast(),
        AfterValidator(distinct),
    ] = Field(default_factory=built_in)
    """What the model reads, in the order of its tensors."""
    fusion: Literal["weighted_sum", "gated", "concat"] = "weighted_sum"
    """How features are joined. With `weighted_sum` the account is in closed form; with the
    others it comes from the coalitions."""
    findings: Names = ("pneumonia", "no_finding")
    """What the model scores: columns of the manifest."""

    if TYPE_CHECKING:

        def __getattr__(self, modality: str) -> Any: ...

    @model_validator(mode="after")
    def _branches(self, info: ValidationInfo) -> Self:
        """Every branch's settings as its own class; the defaults where none are given."""
        held = cast(dict[str, Any], self.__pydantic_extra__)
        kinds = _settings_of(tuple((m, branch_of(m).settings) for m in known()))
        if info.mode == "json":  # then numbers are numbers, not their text
            made = kinds.model_validate_json(json.dumps(held), strict=True)
        else:
            made = kinds.model_validate(held)
        held.clear()
        for modality in known():
            given = getattr(made, modality)
            if given is not None:
                held[modality] = given
            elif modality in self.modalities:
                held[modality] = branch_of(modality).settings()
        return self

    @classmethod
    def keys(cls) -> list[str]:
        """The valid keys."""
        return [*cls.model_fields, *known()]

    def of(self, modality: str) -> Any:
        """The settings of one branch."""
        return cast(dict[str, Any], self.model_extra)[modality]

    @property
    def events(self) -> dict[str, tuple[str, ...]]:
        """What the second heads tell apart, of the branches that have one."""
        return {m: self.of(m).events for m in self.modalities if self.of(m).events}


@cache
def _settings_of(kinds: tuple[tuple[str, type[BaseModel]], ...]) -> type[Settings]:
    """A class with the settings of each of these branches, None where they are not given."""
    fields: dict[str, Any] = {m: (kind | None, None) for m, kind in kinds}
    return create_model("Branches", __base__=Settings, **fields)
