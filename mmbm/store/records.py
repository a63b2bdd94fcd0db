"""What goes into a store and what comes out of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mmbm.case import Modality
from mmbm.readers import ModelAnswer
from mmbm.reading import Answer
from mmbm.report import CaseReport

__all__ = [
    "LOCAL",
    "AuditEntry",
    "DueCase",
    "Export",
    "Given",
    "ModelAnswer",
    "Purged",
    "Rerun",
    "StoredAnalysis",
    "StoredCase",
    "Wanted",
    "WorklistPage",
    "WorklistRow",
    "named",
    "utc_now",
]

Status = Literal["all", "unscored", "waiting", "read", "disagreed", "odd", "due"]
Order = Literal["attention", "newest", "oldest", "patient", "probability"]


LOCAL = "local"  # in the audit: somebody at this machine, whom no login names


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def named(identified: bool) -> str:
    """How the audit says whether something that leaves names its patients."""
    return "identified" if identified else "de-identified"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(_Frozen):
    """One part of a case as it was handed in.

    ``kind``: a file; a note that was typed or dictated, in UTF-8; or the numbers of a form, as a
    JSON object.
    """

    name: str = Field(repr=False)  # of the file; may lead to a patient
    content: bytes = Field(repr=False)
    kind: Literal["file", "typed", "dictated", "fields"] = "file"
    frame: Annotated[int, Field(ge=0)] = 0  # of a picture with several


class StoredCase(_Frozen):
    """One case: who, when, and how far it is read."""

    case_id: str  # made at random, so it tells nothing of the case
    patient: str = Field(repr=False)
    taken: date | None = Field(repr=False)
    source: str
    sex: str
    age: float | None  # years
    view: str
    added: datetime
    modalities: tuple[Modality, ...]
    scored: bool  # it has an analysis
    read: bool  # somebody gave a final answer
    disagreed: bool  # reader and model gave opposite answers to a finding
    odd: bool  # the model found a part out of distribution
    attention: float | None  # how much it needs eyes; None before it is scored
    follow_up: date | None


class StoredAnalysis(_Frozen):
    """An analysis as it was made, with all that it takes to make it again."""

    analysis_id: int
    case_id: str
    created: datetime
    report: CaseReport
    logits: dict[str, str]  # by finding: float64 in hexadecimal, so that no bit is lost
    inputs: dict[Modality, str]  # sha256 of each part that was read
    weights_sha256: str
    code_version: str
    pipeline_version: int
    device: str
    level: float
    prevalences: dict[str, float]
    status: dict[str, str]  # what each finding may be called by the model's record


class Rerun(_Frozen):
    """A stored analysis made again from the stored parts."""

    equal: bool  # every logit to the last bit, and every number of the report
    differing: tuple[str, ...]  # findings whose logit, or sections whose numbers, are others
    largest: float  # difference of a logit
    same_weights: bool
    same_code: bool
    before: dict[str, str]
    after: dict[str, str]


class Export(_Frozen):
    """A document that was made of a case."""

    kind: str
    name: str
    sha256: str
    created: datetime


class Wanted(_Frozen):
    """Which cases of the worklist, in which order; pages count from 0.

    ``finding`` with ``answer`` asks for what the model answered. ``blind`` withholds all that the
    model said of a case until ``reader`` has fixed his first answers to it.
    """

    status: Status = "all"
    finding: str = ""
    answer: Literal["", "yes", "no", "not sure"] = ""
    search: Annotated[str, Field(max_length=200)] = ""
    source: str = ""
    order: Order = "attention"
    page: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=1, le=500)] = 50
    blind: bool = False
    reader: str = ""
    today: date | None = None  # for ``due``; None: the day of the clock


class WorklistRow(_Frozen):
    """One case of the worklist, with the answers of the model and of its last reading."""

    case: StoredCase
    reader: str
    locked: bool  # the first answers of the last reading are fixed
    answers: dict[str, ModelAnswer]  # by finding; empty where withheld or not scored
    finals: dict[str, Answer]  # by finding


class WorklistPage(_Frozen):
    """One page of the worklist; ``total`` counts the cases on all pages."""

    rows: tuple[WorklistRow, ...]
    total: int


class DueCase(_Frozen):
    """A follow-up whose day has come."""

    case_id: str
    follow_up: date


class AuditEntry(_Frozen):
    """One act; ``digest`` is the sha256 over the one before and this entry."""

    number: int
    at: datetime
    act: str
    case_id: str
    who: str
    previous: str
    digest: str


class Purged(_Frozen):
    """The proof that a case was purged: what went, and the audit's entry of it."""

    case_id: str
    files: int  # that no other case uses
    rows: int
    entry: AuditEntry
    clean: bool  # False: another program has the store open, so old bytes go when it closes
