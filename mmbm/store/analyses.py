"""Analyses: kept with all that it takes to make them again, and made again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mmbm.analysis import Analysis, analyse
from mmbm.case import Modality
from mmbm.errors import StoreError
from mmbm.predict import Predictor
from mmbm.record import PIPELINE_VERSION
from mmbm.report import case_report
from mmbm.store import tables as t
from mmbm.store.cases import whole
from mmbm.store.records import Given, ModelAnswer, Rerun, StoredAnalysis
from mmbm.text import sentence

__all__ = ["again", "answers_of", "insert", "newest", "versions"]

NUMBERS = ("inputs", "fusion_weights", "findings", "events", "trust", "residual", "warnings")


def insert(connection: sa.Connection, case_id: str, analysis: Analysis, now: datetime) -> int:
    """Keep an analysis in a transaction that writes; returns its number."""
    rows = connection.execute(sa.select(t.parts).where(t.parts.c.case_id == case_id)).all()
    held = {row.modality: row.sha256 for row in rows}
    if not held:
        raise StoreError(sentence("store.no_case"))
    if not set(analysis.case.present) <= set(held):
        raise StoreError(sentence("store.other_parts"))
    content = _content(analysis, {m: held[m] for m in analysis.case.present})
    made = connection.execute(
        sa.insert(t.analyses).values(
            case_id=case_id, created=now.isoformat(), content=content.model_dump_json()
        )
    )
    connection.execute(sa.delete(t.answers).where(t.answers.c.case_id == case_id))
    rows_of = [
        {"case_id": case_id, "finding": finding, "place": place, **answer.model_dump()}
        for place, (finding, answer) in enumerate(answers_of(analysis).items())
    ]
    connection.execute(sa.insert(t.answers), rows_of)
    connection.execute(
        sa.update(t.cases)
        .where(t.cases.c.case_id == case_id)
        .values(scored=True, odd=bool(analysis.judgement.flagged), attention=attention(analysis))
    )
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def answers_of(analysis: Analysis) -> dict[str, ModelAnswer]:
    """What the model answers to each finding."""
    verdicts = {answer.finding: answer.verdict for answer in analysis.judgement.answers}
    return {
        finding.name: ModelAnswer(
            probability=finding.probability, logit=finding.logit, verdict=verdicts[finding.name]
        )
        for finding in analysis.prediction.findings
    }


def attention(analysis: Analysis) -> float:
    """How much a case needs eyes, in [0, 4).

    3: a part is out of distribution, or parts disagree; 2: an answer is not sure; 1: the first
    finding is answered with yes; 0: the rest. Within each the first finding's probability orders.
    """
    judgement, answers = analysis.judgement, list(answers_of(analysis).values())
    if judgement.flagged or judgement.disagreements:
        rank = 3
    elif answers[0].verdict in ("not sure", "not assessed"):
        rank = 2
    else:
        rank = 1 if answers[0].verdict == "yes" else 0
    return rank + min(answers[0].probability, 0.999999)


def newest(connection: sa.Connection, case_id: str) -> StoredAnalysis | None:
    """The last one of a case; None before it is scored."""
    found = versions(connection, case_id)
    return found[-1] if found else None


def versions(connection: sa.Connection, case_id: str) -> tuple[StoredAnalysis, ...]:
    """All of a case, the oldest first."""
    query = sa.select(t.analyses).where(t.analyses.c.case_id == case_id)
    rows = connection.execute(query.order_by(t.analyses.c.analysis_id)).all()
    return tuple(
        StoredAnalysis.model_validate_json(row.content).model_copy(
            update={
                "analysis_id": row.analysis_id,
                "case_id": row.case_id,
                "created": datetime.fromisoformat(row.created),
            }
        )
        for row in rows
    )


def again(kept: StoredAnalysis, parts: Mapping[Modality, Given], predictor: Predictor) -> Rerun:
    """Make a stored analysis again and compare every number. Raises what ``analyse`` does."""
    case = whole({modality: parts[modality] for modality in kept.inputs})
    analysis = analyse(case, predictor, level=kept.level, prevalence=kept.prevalences)
    made = _content(analysis, kept.inputs)
    before, after = kept.logits, made.logits
    differing = [f for f in {**before, **after} if before.get(f) != after.get(f)]
    old, new = _numbers(kept), _numbers(made)
    differing += [section for section in NUMBERS if old[section] != new[section]]
    apart = [abs(float.fromhex(before[f]) - float.fromhex(after[f])) for f in before if f in after]
    return Rerun(
        equal=not differing,
        differing=tuple(differing),
        largest=max(apart, default=0.0),
        same_weights=kept.weights_sha256 == made.weights_sha256,
        same_code=(kept.code_version, kept.pipeline_version)
        == (made.code_version, made.pipeline_version),
        before=before,
        after=after,
    )


def _content(analysis: Analysis, inputs: Mapping[Modality, str]) -> StoredAnalysis:
    """An analysis as it is kept; number, case and time are the row's."""
    prediction = analysis.prediction
    return StoredAnalysis(
        analysis_id=0,
        case_id="",
        created=datetime.min,
        report=case_report(analysis),
        logits={finding.name: finding.logit.hex() for finding in prediction.findings},
        inputs=dict(inputs),
        weights_sha256=prediction.identity.sha256,
        code_version=prediction.mmbm_version,
        pipeline_version=PIPELINE_VERSION,
        device=prediction.device,
        level=analysis.level,
        prevalences=dict(analysis.prevalences.wanted),
        status=dict(analysis.standing),
    )


def _numbers(kept: StoredAnalysis) -> dict[str, Any]:
    """The report's sections as JSON has them, so that both sides went the same way."""
    again = type(kept).model_validate_json(kept.model_dump_json())
    return again.report.model_dump(mode="json", include=set(NUMBERS))
