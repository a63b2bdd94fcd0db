"""The answers: a row for each finding, what matters first; the warnings above them."""

from __future__ import annotations

import streamlit as st

from dashboard import markup, state
from dashboard.foreign import escape, verbatim
from dashboard.parts.prevalence import at_prevalence, prevalence_picker, what_it_means
from dashboard.parts.trust import level_picker
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.analysis import Analysis
from mmbm.explain.ledger import Ledger
from mmbm.findings import GIVEN, not_assessed
from mmbm.text import sentence
from mmbm.trust.judge import Answer, Judgement, answer_sentence

__all__ = ["answers", "in_order"]

ORDER = ("yes", "not sure", "not assessed", "no")  # of the answers, what matters first


def warnings(analysis: Analysis, say: Texts) -> None:
    """Everything to know before believing the numbers, above them."""
    if analysis.warnings:
        lines = "".join(f"<li>{escape(say.of(warning))}</li>" for warning in analysis.warnings)
        st.html(f'<div role="alert"><ul class="warnings">{lines}</ul></div>')


def answers(seen: Review, say: Texts) -> tuple[str, Analysis]:
    """The rows, and what they hang on; the chosen finding, and the analysis as it was asked for."""
    judged = seen.analysis.judgement
    names = in_order(judged)
    chosen = state.remembered("finding", names)
    with st.container(
        key="answers-head",
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
    ):
        st.subheader(say("findings.title"), anchor=False, width="content")
        with st.popover(say("findings.adjust"), type="tertiary"):
            analysis = adjusted(seen, chosen, say)
    warnings(analysis, say)
    names = in_order(analysis.judgement)
    with st.container(key="answers", gap=None):
        for place, finding in enumerate(names):
            with st.container(key=f"answer-{place}", gap=None):
                st.html(row(analysis, finding, finding == chosen, say))
                st.button(
                    verbatim(say("findings.explain", finding=say.name("finding", finding))),
                    key=f"finding-{finding}",
                    on_click=state.remember,
                    args=("finding", finding),
                )
        st.html(f'<div class="small uncovered">{escape(uncovered(names, say))}</div>')
    return chosen, analysis


def adjusted(seen: Review, finding: str, say: Texts) -> Analysis:
    """What the reader may set: the answers' level, and how common a finding is."""
    level = 0.9
    if seen.analysis.prediction.trust is not None:
        st.html(f"<b>{escape(say('trust.level'))}</b>")
        level = level_picker(say)
        st.html(
            f'<div class="small">{escape(say("trust.caption", level=f"{100 * level:g} %"))}</div>'
        )
    common = prevalence_picker(finding, seen.analysis.prevalences.calibrated, say)
    said = what_it_means(seen.analysis.account(finding), common, say)
    st.html(f'<div class="small">{escape(said)}</div>')
    return seen.analysis.at(level, common.wanted)


def in_order(judged: Judgement) -> list[str]:
    """The findings: yes, not sure, no; one that hangs on another after it; "no finding" last."""
    verdicts = {answer.finding: answer.verdict for answer in judged.answers}

    def rank(finding: str) -> tuple[bool, bool, int]:
        return finding == "no_finding", finding in GIVEN, ORDER.index(verdicts[finding])

    return sorted(verdicts, key=rank)


def row(analysis: Analysis, finding: str, chosen: bool, say: Texts) -> str:
    """Name, answer and number, a bar, and one line in plain words."""
    answer = next(a for a in analysis.judgement.answers if a.finding == finding)
    account = at_prevalence(analysis.account(finding), analysis.prevalences)
    doubt = doubted(analysis.judgement, answer, say)
    below = doubt or plain(analysis, account, say)
    standing = say.of(sentence(f"status.{analysis.standing[finding]}"))
    verdict = answer.verdict.replace(" ", "_")
    if condition(analysis.judgement, finding) == "no":
        verdict = "not_applicable"
    said = say.of(answer_sentence(answer, analysis.level))
    name = say.name("finding", finding)
    marks = " chosen" * chosen + " toned" * bool(doubt)
    return (
        f'<div class="finding{marks}">'
        f'<span class="finding-name">{escape(name)}</span>'
        f'<span class="finding-answer {verdict}" title="{escape(said)}">'
        f"{escape(say(f'findings.answer.{verdict}'))}</span>"
        f'<span class="finding-number">{markup.percent(account.probability)}</span>'
        f'<span class="finding-track" role="meter" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * account.probability:.0f}" aria-label="{escape(name)}">'
        f'<span style="width:{100 * account.probability:.1f}%"></span></span>'
        f'<span class="finding-below">{escape(below)} <i>{escape(standing)}</i></span></div>'
    )


def condition(judged: Judgement, finding: str) -> str | None:
    """The answer to the finding that this one hangs on; None where it hangs on none."""
    verdicts = {answer.finding: answer.verdict for answer in judged.answers}
    return verdicts.get(GIVEN.get(finding, ""))


def doubted(judged: Judgement, answer: Answer, say: Texts) -> str:
    """Why this number is toned down, and what to do instead; "" where it is not."""
    if condition(judged, answer.finding) not in (None, "yes"):
        given = say.name("finding", GIVEN[answer.finding])
        return say("findings.doubt.given", finding=given)
    if judged.flagged:
        parts = say("findings.then").join(
            say.name("modality", shift.modality) for shift in judged.flagged
        )
        return say(
            "findings.doubt.strange" if answer.strange else "findings.doubt.part", parts=parts
        )
    if any(apart.finding == answer.finding for apart in judged.disagreements):
        return say("findings.doubt.apart")
    return ""


def plain(analysis: Analysis, account: Ledger, say: Texts) -> str:
    """A calibrated probability as a count, at the reader's prevalence where one is set."""
    said = in_words(account.probability, say)
    wanted = analysis.prevalences.wanted.get(account.finding)
    if wanted is None:
        return said
    return say("findings.at_prevalence", plain=said, share=f"{100 * wanted:g} %")


def in_words(probability: float, say: Texts) -> str:
    """What a calibrated probability says, as a count."""
    if probability < 0.01:
        return say("findings.under_1")
    if probability > 0.99:
        return say("findings.over_99")
    return say("findings.of_100", count=round(100 * probability))


def uncovered(findings: list[str], say: Texts) -> str:
    """What no answer of this model speaks of."""
    others = say("findings.then").join(say.of(name) for name in not_assessed(findings).values())
    return say("findings.not_assessed", names=others)
