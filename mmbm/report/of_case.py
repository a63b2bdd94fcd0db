"""An analysis in the published form."""

from __future__ import annotations

import math
from typing import Any

from mmbm.analysis import Analysis
from mmbm.branches.registry import branch_of
from mmbm.case import Case, Picture
from mmbm.explain.ledger import Ledger
from mmbm.findings import not_assessed, title
from mmbm.patient import NO_STUDY
from mmbm.reading import Decision, Mark, Reading
from mmbm.report.form import (
    AnswerEntry,
    CaseReport,
    EventEntry,
    FindingEntry,
    ModelEntry,
    PrevalenceEntry,
    SaidEntry,
    ShiftEntry,
    StudyEntry,
    TrustEntry,
)
from mmbm.text import as_sentence, sentence
from mmbm.trust.judge import Judgement, answer_sentence
from mmbm.trust.prevalence import Prevalences

__all__ = ["case_report", "picture_of", "without_names"]


def case_report(
    analysis: Analysis, reading: Reading | None = None, *, identified: bool = False
) -> CaseReport:
    """Put an analysis into the published form, with what the reader decided and drew.

    ``identified`` adds whose case it is; a reading's names and words are the caller's to leave out
    (:func:`without_names`).
    """
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
        study=_study(analysis.case) if identified else None,
    )


def without_names(reading: Reading | None) -> Reading | None:
    """A reading without its reader, its times and all that was written freely."""
    if reading is None:
        return None
    decisions = (
        Decision(finding=d.finding, first=d.first, final=d.final, act=d.act, reason="")
        for d in reading.decisions
    )
    marks = (Mark(kind=m.kind, points=m.points, text="", frame=m.frame) for m in reading.marks)
    return Reading(reader="", decisions=tuple(decisions), marks=tuple(marks), comment="")


def picture_of(case: Case) -> Picture | None:
    """The case's picture, which knows the study; None where there is none."""
    return next((part for part in case.parts.values() if isinstance(part, Picture)), None)


def _study(case: Case) -> StudyEntry | None:
    picture = picture_of(case)
    if picture is None or picture.study == NO_STUDY:
        return None
    of = picture.study
    return StudyEntry(
        study_uid=of.study_uid,
        series_uid=of.series_uid,
        instance_uid=of.instance_uid,
        accession=of.accession,
        taken=of.taken,
        patient_id=of.patient_id,
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
                answer_sentence(answer, judgement.level),
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
