"""The evaluation record: what was measured, and of which weights, data and code.

Written once, as ``evaluation.json`` in the model's folder; the card and the page only read it. It
holds the sha256 of weights and data and the version of the pipeline, and :func:`faults` says what
no longer fits. ``test_sha256`` is over the test cases themselves, wherever their files lie, so that
two records can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from mmbm.errors import ModelError, UnreadableFile
from mmbm.record.figures import (
    Agreement,
    Comparison,
    Conformal,
    Figures,
    Frozen,
    Located,
    RiskCoverage,
    Shifts,
)
from mmbm.storage import checksum, put, take, take_all
from mmbm.text import sentence

__all__ = [
    "ALL",
    "FILE",
    "PIPELINE_VERSION",
    "Bin",
    "Identity",
    "LeftOut",
    "Record",
    "Roc",
    "Status",
    "faults",
    "parse_record",
    "read_record",
    "record_in",
    "standing",
    "store_record",
    "write_record",
]

# Raise it when the same case and the same weights give other numbers than before: reading,
# preparation, network, calibration, trust. A record made with another version is not shown.
PIPELINE_VERSION = 2
FILE = "evaluation.json"
ALL = "all sources"

ByFinding = dict[str, Figures]
Level = Literal["across_sources", "within_sources", "one_source", "exploratory"]
Point = Literal["half", "youden", "balanced"]  # probability 0.5, or chosen on val
Heard = Literal["for", "against", "few_positive", "few_negative"]  # few: not heard


class Identity(Frozen):
    """The model that was measured."""

    name: str
    version: str
    sha256: str  # of model.safetensors
    trust_sha256: str | None = None  # of trust.safetensors


class Bin(Frozen):
    """Cases of like probability: a point of the reliability diagram."""

    mean_probability: float
    fraction: float
    n: int


class Roc(Frozen):
    """A ROC curve."""

    fpr: Annotated[tuple[float, ...], FailFast()]
    tpr: Annotated[tuple[float, ...], FailFast()]


class Status(Frozen):
    """What a finding may be called, and what each source said of it in its ``real_parts``."""

    level: Level
    sources: dict[str, Heard]
    # of sources that this model, or one like it, was never trained on
    unseen: dict[str, Heard] = Field(default_factory=dict)


class LeftOut(Frozen):
    """A model like this one, trained without a source, on that source."""

    sha256: str  # of its weights
    by_finding: ByFinding  # what was drawn left out: films, real notes and recordings alone
    as_given: ByFinding  # with the drawn notes and recordings
    subgroups: dict[str, dict[str, ByFinding]] = Field(
        default_factory=dict
    )  # sex/age/view, group: real parts alone
    against_normal: dict[str, ByFinding] = Field(default_factory=dict)  # group
    boxes: dict[str, Located] = Field(default_factory=dict)  # finding
    moments: dict[str, Located] = Field(default_factory=dict)  # event


class Record(BaseModel):
    """All sections. One that is empty was not assessed."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    model: Identity
    mmbm_version: str
    manifest_sha256: str
    test_sha256: str = ""
    pipeline_version: int = 0  # mmbm.record.PIPELINE_VERSION at the time
    operating_point: Point = "half"  # its name; each figure holds its threshold
    left_out: Annotated[
        tuple[str, ...], FailFast()
    ] = ()  # sources of the manifest that the model was not trained on
    overall: ByFinding = {}
    by_source: dict[str, ByFinding] = {}
    by_modalities: dict[str, ByFinding] = {}
    by_source_and_modalities: dict[str, dict[str, ByFinding]] = {}
    real_parts: dict[str, ByFinding] = {}  # by source, with drawn notes and recordings muted
    subgroups: dict[str, dict[str, dict[str, ByFinding]]] = {}  # source, sex/age/view, group
    against_normal: dict[str, dict[str, ByFinding]] = {}  # source, group: cases with the finding
    # against cases that a reader called normal, real parts alone
    boxes: dict[str, dict[str, Located]] = {}  # finding, source: the map's top in a reader's box
    moments: dict[str, dict[str, Located]] = {}  # event, source: its top while the event sounds
    mined: Annotated[tuple[str, ...], FailFast()] = ()  # sources whose labels came from reports
    fused_against_single: dict[str, dict[str, Comparison]] = {}  # finding, source or "assembled"
    real_pairs: dict[str, dict[str, Comparison]] = {}  # finding, source: film + its real note
    shuffled: dict[str, dict[str, Comparison]] = {}  # finding, source: as paired, and permuted
    status: dict[str, Status] = {}
    risk_coverage: dict[str, dict[str, RiskCoverage]] = {}  # finding, source
    reliability: dict[
        str, dict[str, Annotated[tuple[Bin, ...], FailFast()]]
    ] = {}  # finding, source
    roc: dict[str, dict[str, Roc]] = {}  # finding, source
    sound_events: ByFinding = {}
    leave_one_source_out: dict[str, LeftOut] = {}
    conformal: Conformal = {}
    abstention: dict[str, Any] = {}
    disagreement: dict[str, Any] = {}
    shift: Shifts = {}
    agreement: Agreement | None = None  # of the account with Captum


def parse_record(content: bytes | str) -> Record:
    """A record from JSON.

    Raises
    ------
    UnreadableFile
    """
    try:
        return Record.model_validate_json(content)
    except ValidationError as exc:
        raise UnreadableFile(sentence("record.not_one")) from exc


def read_record(folder: Path) -> Record | None:
    """The record in a model's folder, None where there is none.

    Raises
    ------
    ModelError, ModelTampered
    """
    content = take(folder, FILE)
    return None if content is None else record_in(folder, content)


def record_in(folder: Path, content: bytes) -> Record:
    """The record of a model's folder, from its content. Raises ModelError."""
    try:
        return parse_record(content)
    except UnreadableFile as exc:
        file = sentence("model.file", file=FILE, model=folder.name)
        raise ModelError(sentence("record.damaged", file=file)) from exc


def write_record(record: Record, path: Path) -> None:
    """Write a record as JSON."""
    path.write_bytes(_as_json(record))


def store_record(record: Record, folder: Path) -> None:
    """Write a record into its model's folder."""
    put(folder, FILE, _as_json(record))


def _as_json(record: Record) -> bytes:
    return json.dumps(record.model_dump(mode="json"), indent=1).encode()


def faults(record: Record | None, hashes: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with a record beside a model whose files have these sha256.

    ``"no_record"``: there is none, or it is of other weights, and nothing of it may be shown.
    ``"other_trust"``: the trust tables have changed since. ``"other_pipeline"``:
    the program now gives other numbers.
    """
    if record is None or record.model.sha256 != hashes.get("model.safetensors"):
        return ("no_record",)
    found = []
    if record.model.trust_sha256 != hashes.get("trust.safetensors"):
        found.append("other_trust")
    if record.pipeline_version != PIPELINE_VERSION:
        found.append("other_pipeline")
    return tuple(found)


def standing(folder: Path) -> dict[str, Level]:
    """The level of each finding; empty without a record that fits the model's files."""
    try:
        held = take_all(folder)
        record = record_in(folder, held[FILE]) if FILE in held else None
    except ModelError:
        return {}
    if record is None or faults(
        record, {name: checksum(content) for name, content in held.items()}
    ):
        return {}
    return {finding: status.level for finding, status in record.status.items()}
