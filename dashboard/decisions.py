"""What becomes of a reader's answers once the model's are seen. Knows nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import get_args

from mmbm.analysis import Analysis
from mmbm.reading import Act, Answer, Decision, Mark, Reading

__all__ = ["ANSWERS", "act_of", "decided", "model_answers", "own", "unexplained"]

ANSWERS: tuple[Answer, ...] = get_args(Answer)


def model_answers(analysis: Analysis) -> dict[str, Answer]:
    """The model's answer to each finding that it answers at all."""
    given = {answer.finding: answer.verdict for answer in analysis.judgement.answers}
    return {f: said for f, verdict in given.items() for said in ANSWERS if said == verdict}


def act_of(first: Answer | None, final: Answer, model: Answer | None) -> Act | None:
    """What a final answer is beside the model's; None where the model gives none."""
    if model is None:
        return None
    if final != model:
        return "override"
    return "agree" if first in (None, final) else "change"


def unexplained(
    firsts: Mapping[str, Answer],
    finals: Mapping[str, Answer],
    models: Mapping[str, Answer],
    reasons: Mapping[str, str],
) -> list[str]:
    """The findings whose answer stands against the model's without a reason."""
    return [
        finding
        for finding, final in finals.items()
        if act_of(firsts.get(finding), final, models.get(finding)) == "override"
        and not reasons.get(finding, "").strip()
    ]


def own(
    reader: str, firsts: Mapping[str, Answer], marks: tuple[Mark, ...], comment: str
) -> Reading:
    """The reader's own answers, to be fixed before the model is run."""
    return Reading(
        reader=reader,
        decisions=tuple(Decision(finding=f, first=first, reason="") for f, first in firsts.items()),
        marks=marks,
        comment=comment.strip(),
    )


def decided(
    before: Reading,
    finals: Mapping[str, Answer],
    models: Mapping[str, Answer],
    reasons: Mapping[str, str],
    *,
    marks: tuple[Mark, ...],
    comment: str,
    follow_up: date | None,
) -> Reading:
    """The reading with its final answers, given now; its first answers stay as they were fixed."""
    firsts = {made.finding: made.first for made in before.decisions}
    made = []
    for finding in dict.fromkeys((*firsts, *finals)):
        first, final = firsts.get(finding), finals.get(finding)
        act = None if final is None else act_of(first, final, models.get(finding))
        reason = reasons.get(finding, "").strip() if act == "override" else ""
        made.append(Decision(finding=finding, first=first, final=final, act=act, reason=reason))
    return before.model_copy(
        update={
            "decisions": tuple(made),
            "marks": marks,
            "comment": comment.strip(),
            "decided_at": datetime.now(UTC),
            "follow_up": follow_up,
        }
    )
