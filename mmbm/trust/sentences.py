"""A judgement in sentences, for the page, the command line and the report."""

from __future__ import annotations

from collections.abc import Collection

from mmbm.branches.registry import branch_of
from mmbm.text import Sentence, as_sentence, known, name_of, sentence
from mmbm.trust.judge import Answer, Disagreement, Judgement
from mmbm.trust.shift import Shift

__all__ = ["answer_sentence", "warnings"]

# What a reader of files has warned of already, by what would say it again.
THE_SAME = {"trust.shift.notes.language": "io.notes.language"}


def answer_sentence(answer: Answer, level: float) -> Sentence:
    """One finding's answer at a level."""
    if answer.strange:
        return sentence("trust.strange")
    if answer.labels is None:
        return sentence("trust.answer_not_assessed")
    holds = "both" if len(answer.labels) == 2 else next(iter(answer.labels), "none")
    return sentence(f"trust.answer.{holds}", level=level)


def warnings(judgement: Judgement, said_before: Collection[str] = ()) -> tuple[Sentence, ...]:
    """What the reader should know before believing the numbers; the lung finder speaks itself.

    ``said_before`` are other warnings of the case: what they tell is not told again.
    """
    before = {getattr(warning, "code", "") for warning in said_before}
    if not judgement.assessed:
        return (sentence("trust.not_assessed"),)
    said = [told for shift in judgement.flagged if (told := _unlike(shift))]
    said = [told for told in said if THE_SAME.get(told.code) not in before]
    if judgement.disagreements:
        over = tuple(_apart(d) for d in judgement.disagreements)
        said.append(sentence("trust.disagreement", findings=over))
    return tuple(said)


def _unlike(shift: Shift) -> Sentence | None:
    """What to say of a part out of distribution; None where its branch says it itself."""
    code = f"trust.shift.{shift.modality}.{shift.cue}"
    if known(code):
        return sentence(f"trust.shift.{shift.modality}.{shift.cue}")
    said = branch_of(shift.modality).unlike.get(shift.cue)
    return None if said is None else as_sentence(said)


def _apart(disagreement: Disagreement) -> Sentence:
    raising, lowering = (
        tuple(name_of("modality", modality) for modality in side)
        for side in (disagreement.raising, disagreement.lowering)
    )
    finding = name_of("finding", disagreement.finding)
    return sentence("trust.apart", finding=finding, raising=raising, lowering=lowering)
