"""``card.json``: the facts of a model that the program reads, and whatever else its maker wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from mmbm.config import Name
from mmbm.errors import ModelError
from mmbm.storage import checksums, read_json, take
from mmbm.text import sentence

__all__ = ["CARD", "Calibrated", "calibrated_at", "parse_facts", "read_facts"]

CARD = "card.json"
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Text = Annotated[str, Field(max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How common one finding was among the cases of the calibration."""

    prevalence: float  # in (0, 1): by the weights of the fit, so this is where probabilities hold
    sources: Mapping[str, tuple[int, int]]  # cases with a known label, and how many have it


class _Part(BaseModel):
    """Entries that this program does not know are let be."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _OperatingPoint(_Part):
    name: Text
    thresholds: dict[str, Share] = {}


class _Cases(_Part):
    """One row of the table of data; the rest are positives by finding."""

    __pydantic_extra__: dict[str, Annotated[int, Field(ge=0)]]

    source: Text
    split: Text
    cases: Annotated[int, Field(ge=0)]
    patients: Annotated[int, Field(ge=0)] = 0
    assembled: Annotated[int, Field(ge=0)] = 0


class _Counted(_Part):
    cases: Annotated[int, Field(ge=0)]
    positives: Annotated[int, Field(ge=0)]


class _Calibrated(_Part):
    """How common one finding was among the cases of the calibration."""

    prevalence: Annotated[float, Field(gt=0.0, lt=1.0)]
    sources: dict[str, _Counted]


class _Facts(_Part):
    name: Name
    version: Name
    mmbm_version: Text = ""
    manifest_sha256: Text = ""
    lung_finder_sha256: Text = ""
    leave_out: Annotated[list[Text], FailFast()] = []
    trained_on: Annotated[list[Text], FailFast()] = []
    lineage: Annotated[list[dict[str, Any]], FailFast()] = []
    data: Annotated[list[_Cases], FailFast()] = []
    operating_point: _OperatingPoint | None = None
    calibration: dict[str, _Calibrated] = {}
    card: dict[str, Any] = {}


def read_facts(folder: Path) -> dict[str, Any]:
    """The folder's ``card.json``, checked, with the folder's checksums as its ``sha256``.

    Raises
    ------
    ModelError, ModelTampered
    """
    content = take(folder, CARD)
    if content is None:
        raise ModelError(sentence("model.incomplete", model=folder.name, file=CARD))
    return parse_facts(content, folder.name) | {"sha256": checksums(folder)}


def parse_facts(content: bytes, model: str) -> dict[str, Any]:
    """The entries of a ``card.json``. Raises ModelError, naming the entry at fault."""
    file = sentence("model.file", file=CARD, model=model)
    facts = read_json(content, file)
    try:
        _Facts.model_validate(facts)
    except ValidationError as exc:
        first = exc.errors()[0]
        entry = " ".join(".".join(str(part) for part in first["loc"]).split())[:100]
        raise ModelError(sentence("model.card_entry", file=file, entry=entry)) from exc
    return facts


def calibrated_at(facts: Mapping[str, Any]) -> dict[str, Calibrated]:
    """What a checked ``card.json`` says of each finding; empty where its maker did not state it."""
    return {
        finding: Calibrated(
            entry["prevalence"],
            {name: (s["cases"], s["positives"]) for name, s in entry["sources"].items()},
        )
        for finding, entry in facts.get("calibration", {}).items()
    }
