"""What the page keeps in the store: the case at hand, its analysis, its reader's answers.

Each is a callback or is called by a run; what the store refuses is said when the page is drawn
next.
"""

from __future__ import annotations

from datetime import date
from typing import cast

from dashboard import decisions, state, stored
from dashboard.review import Review
from mmbm.analysis import Analysis
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.reading import Answer, Reading

__all__ = [
    "bring_marks",
    "decide",
    "hold_analysis",
    "keep",
    "keep_case",
    "lock",
    "may_be_shown",
    "open_next",
    "show",
]


def keep_case() -> str:
    """The number of the case at hand in the store, where it is kept first if need be.

    Raises StoreError.
    """
    state.require("decide")
    case_id = state.stored_case()
    if case_id is not None:
        return case_id
    taken = state.written("taken")
    case_id = stored.store().add_case(
        stored.files_of(state.parts()),
        case=state.case(),
        patient=str(state.written("patient") or "").strip(),
        taken=taken if isinstance(taken, date) else None,
        who=state.actor(),
    )
    state.kept_as(case_id)
    return case_id


def keep(seen: Review) -> None:
    """Callback: keep the case at hand, with what the model said of it."""
    if not state.at_hand(seen.analysis.case):
        return
    try:
        hold_analysis(keep_case(), seen.analysis)
    except MMBMError as refusal:
        state.refuse(refusal.sentence)


def hold_analysis(case_id: str, analysis: Analysis) -> None:
    """Keep an analysis, unless one of the same model is kept. Raises StoreError."""
    held = stored.store().analysis(case_id)
    if held is None or held.weights_sha256 != analysis.prediction.identity.sha256:
        stored.store().save_analysis(case_id, analysis, state.actor())


def may_be_shown() -> bool:
    """Whether the model may be run on the case at hand. Raises StoreError."""
    if not stored.decides_first() or state.was_too_late():
        return True
    reading = state.kept_reading()
    return reading is not None and reading.locked_at is not None


def show(seen: Review) -> None:
    """Keep what the model said of a stored case, and that its reader has seen it.

    Raises StoreError.
    """
    case_id = state.stored_case()
    if case_id is None or not state.at_hand(seen.analysis.case) or state.was_shown(case_id):
        return
    hold_analysis(case_id, seen.analysis)
    if state.reader():
        stored.store().mark_shown(case_id, state.reader())
    state.note_shown(case_id)


def bring_marks() -> None:
    """Put the marks of this reader's kept reading on the X-ray, once; marks there stay.

    Raises StoreError.
    """
    case_id = state.stored_case()
    if case_id is None or not state.reader() or not state.marks_are_due(case_id):
        return
    kept = state.kept_reading()
    if kept is not None and kept.marks and not state.drawn().marks:
        state.load_marks(kept.marks)


def firsts(findings: tuple[str, ...]) -> dict[str, Answer]:
    """The answers that were given so far."""
    given = {finding: state.written(f"first-{finding}") for finding in findings}
    return {f: cast(Answer, said) for f, said in given.items() if said in decisions.ANSWERS}


def lock(case: Case, findings: tuple[str, ...]) -> None:
    """Callback: keep the case, and fix its reader's own answers before the model is run."""
    answers = firsts(findings)
    if not state.at_hand(case) or len(answers) < len(findings) or not state.reader():
        return
    comment = str(state.written("comment") or "")
    reading = decisions.own(state.reader(), answers, state.drawn().marks, comment)
    try:
        case_id = keep_case()
        stored.store().lock_first(case_id, reading)
    except MMBMError as refusal:
        state.refuse(refusal.sentence)
        if refusal.sentence.code == "store.seen_before":
            state.note_too_late()


def decide(seen: Review, findings: tuple[str, ...]) -> None:
    """Callback: keep the case and its reader's final answers."""
    models = decisions.model_answers(seen.analysis)
    given = {finding: state.written(f"final-{finding}") for finding in findings}
    finals = {f: cast(Answer, said) for f, said in given.items() if said in decisions.ANSWERS}
    reasons = {finding: str(state.written(f"reason-{finding}") or "") for finding in findings}
    name, due = state.reader(), state.written("follow-up")
    if not (state.at_hand(seen.analysis.case) and finals and name):
        return
    try:
        before = state.kept_reading() or Reading(reader=name, marks=(), comment="")
        fixed = {d.finding: d.first for d in before.decisions if d.first is not None}
        if decisions.unexplained(fixed, finals, models, reasons):
            return
        case_id = keep_case()
        hold_analysis(case_id, seen.analysis)
        made = decisions.decided(
            before,
            finals,
            models,
            reasons,
            marks=state.drawn().marks,
            comment=str(state.written("comment") or ""),
            follow_up=due if isinstance(due, date) else None,
        )
        stored.store().save_reading(case_id, made)
    except MMBMError as refusal:
        state.refuse(refusal.sentence)


def open_next(after: str) -> None:
    """Callback: open the next case of the worklist that nobody has read."""
    try:
        wanted = state.wanted().model_copy(update={"status": "waiting", "page": 0, "size": 2})
        rows = stored.store().worklist(wanted).rows
    except MMBMError as refusal:
        state.refuse(refusal.sentence)
        return
    following = [row.case.case_id for row in rows if row.case.case_id != after]
    if following:
        state.open_stored(following[0])
