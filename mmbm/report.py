"""The result of one case as JSON: what ``mmbm predict --json`` prints and the page downloads."""

from __future__ import annotations

import math
from typing import Any, Self

from pydantic import BaseModel

from mmbm.analysis import Analysis
from mmbm.branches.registry import branch_of
from mmbm.explain.ledger import Ledger
from mmbm.findings import not_assessed, title
from mmbm.reading import Reading
from mmbm.text import Language, Sentence, as_sentence, sentence
from mmbm.trust import sentences
from mmbm.trust.judge import Judgement
from mmbm.trust.prevalence import Prevalences

__all__ = ["CaseReport", "SaidEntry", "case_report"]


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


class CaseReport(BaseModel):
    """Everything the model said of a case, and of what; never the case's own content.

    What the reader decided and drew stands beside it, where he did.
    """

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


def case_report(analysis: Analysis, reading: Reading | None = None) -> CaseReport:
    """Put an analysis into the published form, with what the reader decided and drew."""
    prediction, judgement = analysis.prediction, analysis.judgement
    identity, standing = prediction.identity, analysis.standing
    return CaseReport(
        notice=str(sentence("report.notice")),
        model=ModelEntry(name=identity.name, version=identity.version, sha256=identity.sha256),
        mmbm_version=prediction.mmbm_version,
        device=prediction.device,
        inputs=_inputs(analysis),
        fusion_weights=prediction.fusion_weights,
        findings=[
            FindingEntry(
                name=entry.finding,
                title=str(title(entry.finding)),
                status=standing[entry.finding],
                probability=entry.probability,
                logit=entry.logit,
                base=entry.base,
                contributions=entry.contributions,
                slopes=entry.slopes,
                interaction=entry.interaction,
                intervals=entry.intervals,
                percentiles=entry.percentiles,
                prevalence=_prevalence(entry, analysis.prevalences),
            )
            for entry in analysis.accounts
        ],
        not_assessed=[str(name) for name in not_assessed(analysis.findings).values()],
        events={
            modality: [EventEntry(name=e.name, probability=e.probability) for e in told]
            for modality, told in prediction.events.items()
        },
        trust=_trust(judgement),
        residual=max(entry.residual for entry in analysis.accounts),
        warnings=[SaidEntry.of(as_sentence(warning)) for warning in analysis.warnings],
        reading=reading,
    )


def _prevalence(entry: Ledger, prevalences: Prevalences) -> PrevalenceEntry | None:
    if entry.finding not in prevalences.calibrated:
        return None
    return PrevalenceEntry(
        calibrated=prevalences.calibrated[entry.finding].prevalence,
        wanted=prevalences.wanted.get(entry.finding),
        probability=prevalences.probability(entry.finding, entry.logit),
        log_odds_added=prevalences.shift(entry.finding),
    )


def _trust(judgement: Judgement) -> TrustEntry:
    return TrustEntry(
        level=judgement.level,
        answers={
            answer.finding: AnswerEntry.of(
                sentences.answer_sentence(answer, judgement.level),
                verdict=answer.verdict,
                labels=None if answer.labels is None else sorted(answer.labels),
            )
            for answer in judgement.answers
        },
        shifts={
            shift.modality: ShiftEntry(
                cue=shift.cue,
                strangeness=shift.strangeness,
                percentile=None if math.isnan(shift.percentile) else shift.percentile,
                flagged=shift.flagged,
            )
            for shift in judgement.shifts
        },
        disagreements={
            d.finding: {"raising": list(d.raising), "lowering": list(d.lowering)}
            for d in judgement.disagreements
        },
    )


def _inputs(analysis: Analysis) -> dict[str, dict[str, Any]]:
    """What was read of each part: its shape and format, not its content."""
    case, prepared = analysis.case, analysis.prediction.features.prepared
    entries: dict[str, dict[str, Any]] = {}
    for modality in dict.fromkeys((*analysis.prediction.modalities, *case.present)):
        if modality not in case.parts:
            entries[modality] = {"present": False}
            continue
        evidence = {m.finding: m.parts[modality] for m in analysis.maps if modality in m.parts}
        part, read = case.parts[modality], prepared.get(modality)
        described = branch_of(modality).described(part, read, evidence)
        entries[modality] = {"present": True} | described
    return entries
