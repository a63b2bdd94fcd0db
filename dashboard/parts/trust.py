"""How far the numbers may be believed: the answer at a level, what is strange, what disagrees."""

from __future__ import annotations

import streamlit as st

from dashboard.text import Texts
from mmbm.branches.registry import branch_of
from mmbm.model.tables import LEVELS
from mmbm.trust.judge import Answer, Judgement
from mmbm.trust.shift import Shift

__all__ = ["answer_words", "level_picker", "warnings"]


def level_picker(say: Texts) -> float:
    """The level that answers are given at."""
    chosen = st.segmented_control(
        say("trust.level"),
        LEVELS,
        default=0.9,
        format_func=lambda level: f"{level:.0%}",
        key="level",
        label_visibility="collapsed",
        required=True,
    )
    return chosen or 0.9


def answer_words(answer: Answer, level: float, say: Texts) -> str:
    """One finding's answer in a few words."""
    if answer.verdict in ("yes", "no"):
        return say(f"trust.{answer.verdict}", level=f"{level:.0%}")
    if answer.verdict == "not assessed":
        return say("trust.answer_not_assessed")
    if answer.strange:
        return say("trust.strange")
    return say("trust.both" if answer.labels else "trust.none", level=f"{level:.0%}")


def unlike(shift: Shift, say: Texts) -> str:
    """What to say of a part out of distribution; "" where its branch says it itself."""
    key = f"trust.shift.{shift.modality}.{shift.cue}"
    return say.strings.get(key, branch_of(shift.modality).unlike.get(shift.cue, ""))


def warnings(judgement: Judgement, say: Texts) -> list[str]:
    """What is strange, a sentence each, and what disagrees; the lung finder speaks for itself."""
    if not judgement.assessed:
        return [say("trust.not_assessed")]
    said = [sentence for shift in judgement.flagged if (sentence := unlike(shift, say))]
    apart_over = []
    for apart in judgement.disagreements:
        raising, lowering = (
            say("trust.and").join(say.name("modality", m) for m in side)
            for side in (apart.raising, apart.lowering)
        )
        finding = say.name("finding", apart.finding)
        apart_over.append(say("trust.over", finding=finding, raising=raising, lowering=lowering))
    if apart_over:
        said.append(say("trust.disagreement", over=say("trust.then").join(apart_over)))
    return said
