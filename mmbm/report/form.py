"""The published form of a case's result: what every export holds, whatever its format."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel

from mmbm.reading import Reading
from mmbm.text import Language, Sentence

__all__ = [
    "SCHEMA_VERSION",
    "AnswerEntry",
    "CaseReport",
    "EventEntry",
    "FindingEntry",
    "ModelEntry",
    "PrevalenceEntry",
    "SaidEntry",
    "ShiftEntry",
    "StudyEntry",
    "TrustEntry",
    "json_schema",
]

SCHEMA_VERSION: Literal["1.0"] = (
    "1.0"  # the first number rises when a reader of the form before would misread it
)


class SaidEntry(BaseModel):
    """A sentence: its code and values, and what they say in English."""

    code: str
    values: dict[str, Any]
    sentence: str

    @classmethod
    def of(cls, said: Sentence, **more: Any) -> Self:
        """An entry that says this."""
        return cls(**said.coded(), sentence=str(said), **more)

    def into(self, language: Language) -> str:
        """What it says, in a language."""
        return Sentence.decoded({"code": self.code, "values": self.values}).into(language)


class ModelEntry(BaseModel):
    """Which model."""

    name: str
    version: str
    sha256: str


class PrevalenceEntry(BaseModel):
    """At which prevalence a finding's probability holds, and what it is at the reader's."""

    calibrated: float  # of the cases of the calibration: ``probability`` holds there
    wanted: float | None  # as the reader set it; None: as calibrated
    probability: float  # at ``wanted``
    log_odds_added: float  # for it; 0.0 as calibrated


class FindingEntry(BaseModel):
    """One finding with its ledger, in calibrated log-odds; ``probability = sigmoid(logit)``.

    Base and contributions sum to the logit; ``interaction`` is what the modalities did only
    together, already shared out in their contributions. ``intervals`` hold 95 % of where a
    contribution would lie with heads fitted on other patients, ``percentiles`` say how many in a
    hundred held-out cases show a smaller one; empty where the model was not fitted for it.
    """

    name: str
    title: str  # its name in words
    status: str  # by the model's evaluation record, e.g. exploratory; or not_assessed
    probability: float
    logit: float
    base: float
    contributions: dict[str, float]
    slopes: dict[str, float]
    interaction: float
    intervals: dict[str, tuple[float, float]]
    percentiles: dict[str, float]
    prevalence: PrevalenceEntry | None  # None: the model does not state that of its calibration


class EventEntry(BaseModel):
    """What one branch tells by itself, such as a kind of lung sound."""

    name: str
    probability: float


class AnswerEntry(SaidEntry):
    """One finding's conformal answer."""

    verdict: str  # yes, no, not sure or not assessed
    labels: list[str] | None  # that the answer holds; None where not assessed


class ShiftEntry(BaseModel):
    """How strange one part is to the model."""

    cue: str  # the strangest: features, or one of the branch's own
    strangeness: float  # 1 at the limit
    percentile: float | None  # how many in 100 held-out parts are less strange
    flagged: bool


class TrustEntry(BaseModel):
    """How far the findings may be believed."""

    level: float  # the share of answers that shall hold the truth
    answers: dict[str, AnswerEntry]  # by finding
    shifts: dict[str, ShiftEntry]
    disagreements: dict[str, dict[str, list[str]]]  # by finding: raising, lowering


class StudyEntry(BaseModel):
    """Whose case it is, as its DICOM header says; only where the export shall name it."""

    study_uid: str
    series_uid: str
    instance_uid: str
    accession: str
    taken: date | None
    patient_id: str


class CaseReport(BaseModel):
    """Everything the model said of a case, and of what; never the case's own content.

    What the reader decided and drew stands beside it, where he did.
    """

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    notice: str
    model: ModelEntry
    mmbm_version: str
    device: str
    inputs: dict[str, dict[str, Any]]
    fusion_weights: dict[str, float]
    findings: list[FindingEntry]
    not_assessed: list[str]  # what these findings do not cover, among other things
    events: dict[str, list[EventEntry]]  # by modality
    trust: TrustEntry
    residual: float
    warnings: list[SaidEntry]
    reading: Reading | None = None  # None: no reader decided or drew anything
    study: StudyEntry | None = None  # None: de-identified, or no header named any


def json_schema() -> str:
    """The JSON Schema of the form, as ``mmbm/report/schema.json`` publishes it."""
    schema = CaseReport.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
