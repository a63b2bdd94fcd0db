"""A judgement in plain English, for the command line and the report."""

from __future__ import annotations

from mmbm.trust.disagreement import Disagreement
from mmbm.trust.judge import Answer, Judgement
from mmbm.trust.shift import Shift

__all__ = ["answer_sentence", "warnings"]

UNLIKE = {
    ("image", "features"): "The picture is unlike the films that the model learned from: check "
    "that it is a frontal chest film; what the model makes of it may mean nothing.",
    ("audio", "features"): "The recording is unlike the lung sounds that the model learned from: "
    "check that it is a lung sound of five seconds or more, or leave it out.",
    ("notes", "words"): "The model does not know most words of this note: read it yourself, and "
    "leave it out.",
    ("notes", "subject"): "The note names few signs of the chest for its length, so it may be "
    "about something else: what the model makes of it means little; leave it out.",
    ("notes", "language"): "The note is in a language that the model did not learn: translate it "
    "to English or Chinese, or leave it out.",
}
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
    """What the reader should know before believing the numbers; the lung finder speaks itself."""
    if not judgement.assessed:
        return (NOT_ASSESSED,)
    said = [_unlike(s) for s in judgement.flagged if s.cue != "lungs"]
    return (*said, *(_apart(d) for d in judgement.disagreements))


def _unlike(shift: Shift) -> str:
    return UNLIKE[shift.modality, shift.cue]


def _apart(disagreement: Disagreement) -> str:
    raising, lowering = " and ".join(disagreement.raising), " and ".join(disagreement.lowering)
    return (
        f"The parts disagree over {disagreement.finding}: {raising} strongly for it, {lowering} "
        "strongly against it. Look at each before believing their sum."
    )
