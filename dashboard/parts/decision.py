"""The reader's decision beside the model's answers: agree, change, or override with a reason."""

from __future__ import annotations

from typing import cast

import streamlit as st

from dashboard import decisions, keeping, markup, state
from dashboard.foreign import escape, verbatim
from dashboard.parts.answers import in_order
from dashboard.parts.first_answers import answer_picker
from dashboard.parts.reader import who, whose
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.reading import LONGEST_TEXT, Answer, Reading

__all__ = ["decision"]


def decision(seen: Review, say: Texts) -> None:
    """Who decides, one final answer for each finding, and what is kept with them."""
    kept, case_id = state.kept_reading(), state.stored_case()
    with st.container(key="decision"):
        who(say)
        if case_id is None:
            whose(say)
            st.html(f'<div class="small">{escape(say("keep.not_yet"))}</div>')
        findings = tuple(in_order(seen.analysis.judgement))
        models = decisions.model_answers(seen.analysis)
        unexplained = [f for f in findings if not asked(f, kept, models, seen, say)]
        st.text_area(
            say("decision.comment"),
            height=80,
            max_chars=LONGEST_TEXT,
            **state.drafted("comment", "" if kept is None else kept.comment),
        )
        due = None if kept is None else kept.follow_up
        st.date_input(
            say("decision.follow_up"), format="YYYY-MM-DD", **state.drafted("follow-up", due)
        )
        acts(seen, findings, unexplained, say)
        if kept is not None and kept.decided_at is not None:
            at = f"{kept.decided_at.astimezone():%Y-%m-%d %H:%M}"
            said = say("decision.kept", name=kept.reader, at=at)
            st.html(f'<div class="small" role="status">{escape(said)}</div>')


def asked(
    finding: str, kept: Reading | None, models: dict[str, Answer], seen: Review, say: Texts
) -> bool:
    """One finding; whether its answer needs no reason, or has one."""
    made = None if kept is None else kept.decision(finding)
    first = None if made is None else made.first
    before = None if made is None else made.final or made.first
    final = cast(Answer | None, answer_picker(f"final-{finding}", finding, before, say))
    model, probability = models.get(finding), seen.analysis.account(finding).probability
    told = [say("decision.model", answer=answered(model, say), share=markup.percent(probability))]
    if first is not None:
        told.insert(0, say("decision.first", answer=answered(first, say)))
    act = None if final is None else decisions.act_of(first, final, model)
    tone = f' class="act {act}"' if act else ""
    said = f"<b{tone}>{escape(say(f'decision.{act}'))}</b>" if act else ""
    st.html(f'<div class="small beside">{escape(" · ".join(told))} {said}</div>')
    if act != "override":
        return True
    held = "" if made is None else made.reason
    reason = st.text_input(
        verbatim(say("decision.reason", finding=say.name("finding", finding))),
        max_chars=LONGEST_TEXT,
        **state.drafted(f"reason-{finding}", held),
    )
    return bool(reason.strip())


def answered(answer: Answer | None, say: Texts) -> str:
    return say(f"findings.answer.{(answer or 'not assessed').replace(' ', '_')}")


def acts(seen: Review, findings: tuple[str, ...], unexplained: list[str], say: Texts) -> None:
    """Keep the decision, keep the case alone, or go on to the next one."""
    case_id = state.stored_case()
    lacks = ""
    looks = not state.may("decide")
    if looks:
        lacks = say("reader.looks")
    elif not state.reader():
        lacks = say("decision.no_reader")
    elif unexplained:
        lacks = say("decision.no_reason")
    elif all(state.written(f"final-{finding}") is None for finding in findings):
        lacks = say("first.unanswered")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            say("decision.keep"),
            key="decision-keep",
            type="primary",
            disabled=bool(lacks),
            on_click=keeping.decide,
            args=(seen, findings),
        )
        if case_id is None:
            st.button(
                say("keep.case"),
                key="keep-case",
                disabled=looks,
                on_click=keeping.keep,
                args=(seen,),
            )
        else:
            st.button(
                say("decision.next"), key="next-case", on_click=keeping.open_next, args=(case_id,)
            )
        st.html(f'<div class="small">{escape(lacks)}</div>')
