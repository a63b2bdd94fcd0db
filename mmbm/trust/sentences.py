"""A judgement in plain English, for the command line and the report."""

from __future__ import annotations

from mmbm.branches.registry import branch_of
from mmbm.trust.disagreement import Disagreement
from mmbm.trust.judge import Answer, Judgement

__all__ = ["answer_sentence", "warnings"]

NOT_ASSESSED = "This model has no trust tables: whether the parts are of a kind it knows, and how "
NOT_ASSESSED += "sure its answers are, was not assessed."


def answer_sentence(answer: Answer, level: float) -> str:
    """One finding's answer at a level."""
    share = f"{level:.0%}"
    if answer.strange:
        return "Not sure, look yourself: nothing that was given is of a kind that the model knows."
    if answer.labels is None:
        return "Not assessed: too few held-out cases."
    if len(answer.labels) == 2:
        return f"Not sure, look yourself: at {share}, neither yes nor no can be left out."
    if not answer.labels:
        return f"Not sure, look yourself: at {share}, this score fits neither yes nor no."
    return f"{answer.verdict.capitalize()}, at {share}."


def warnings(judgement: Judgement) -> tuple[str, ...]:
    """What the reader should know before believing the numbers, beside what the branches say."""
    if not judgement.assessed:
        return (NOT_ASSESSED,)
    said = [told for s in judgement.flagged if (told := branch_of(s.modality).unlike.get(s.cue))]
    return (*said, *(_apart(d) for d in judgement.disagreements))


def _apart(disagreement: Disagreement) -> str:
    raising, lowering = " and ".join(disagreement.raising), " and ".join(disagreement.lowering)
    return (
        f"The parts disagree over {disagreement.finding}: {raising} strongly for it, {lowering} "
        "strongly against it. Look at each before believing their sum."
    )
