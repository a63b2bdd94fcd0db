"""How weights came to be: one entry a stage, the oldest first, in ``card.json`` as ``lineage``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mmbm.config import Settings

__all__ = ["Stage", "extended", "read_lineage", "weights_sha256"]

Kind = Literal["train", "average", "graft", "calibrate", "convert"]


class Stage(Settings):
    """One step that changed the weights, or what they are read with."""

    kind: Kind
    name: str = ""  # as the text about the training calls it
    manifest_sha256: str = ""
    settings: dict[str, Any] = Field(default={})  # what differs from the defaults
    start_from: str = ""  # sha256 of the weights that it began with; "" from fresh ones
    averaged: dict[str, tuple[str, ...]] = Field(default={})
    """Of an average: each averaged branch, and the sha256 of the weights it is the mean of.
    Of a graft: each branch that was taken, and the sha256 of the weights it is from."""
    sha256: str = ""  # of the weights that came out; "" for the last stage: the card's own


def read_lineage(facts: dict[str, Any]) -> tuple[Stage, ...]:
    """The stages on a card.

    Raises
    ------
    ConfigError
        An entry that is none.
    """
    return tuple(Stage.parse(entry) for entry in facts.get("lineage", []))


def extended(*cards: dict[str, Any], by: Stage) -> list[dict[str, Any]]:
    """The lineage of weights made by ``by`` from these cards' weights, for the new card.

    Each card's own last stage gets the sha256 of its weights; a stage that two cards share stands
    once.
    """
    stages: list[Stage] = []
    for facts in cards:
        own = list(read_lineage(facts))
        if own:
            own[-1] = own[-1].model_copy(update={"sha256": weights_sha256(facts)})
        stages += [stage for stage in own if stage not in stages]
    return [stage.model_dump(mode="json", exclude_defaults=True) for stage in (*stages, by)]


def weights_sha256(facts: dict[str, Any]) -> str:
    """The sha256 of the weights that a card describes, "" where it holds none."""
    return str(facts.get("sha256", {}).get("model.safetensors", ""))
