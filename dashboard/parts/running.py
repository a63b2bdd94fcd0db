"""A job on the page: begun, shown while it runs with a button that stops it, its answer taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard import jobs, state
from dashboard.foreign import escape, verbatim
from dashboard.jobs import Job
from dashboard.state import JobKey
from dashboard.text import Texts
from mmbm.case import Case
from mmbm.errors import MMBMError

__all__ = ["ask", "begin", "look", "progress", "runs"]

EVERY = 0.5  # seconds between two looks at a job

Keep = Callable[[Any, Any], None]  # a key and its answer
Words = Callable[[float], tuple[str, float | None]]  # how far -> in words, and from 0 to 1 if known


def begin(key: JobKey, task: Callable[[Job], object], *, asked: bool = True) -> None:
    """Start a job, unless it runs already; what is quick is done when this returns."""
    if not runs(key):
        state.jobs()[key] = job = Job(task)
        job.running(jobs.AT_FIRST if asked else jobs.UNASKED)


def ask(case: Case, tasks: Mapping[JobKey, Callable[[Job], object]]) -> None:
    """Callback of a button: start these jobs, unless the case has changed since it was drawn.

    What a button returns is lost where another run overtakes the one that it was pressed in.
    """
    if state.at_hand(case):
        for key, task in tasks.items():
            begin(key, task)


def runs(key: JobKey) -> bool:
    """Whether this key's job is being done now."""
    job = state.jobs().get(key)
    return job is not None and job.running()


def look(key: JobKey, name: str, keep: Keep, words: Words, say: Texts, place: str = "") -> bool:
    """Show this key's job, or take its answer; whether it was taken just now.

    That it was stopped, or refused, is said in its place. A job that may be looked at from more
    than one place of the page has a name for each.
    """
    job = state.jobs().get(key)
    if job is None:
        return False
    if job.running():
        progress(job, f"stop-{'-'.join([*key, place])}", words, say)
        return False
    if job.stopped:
        st.html(f'<div class="small">{escape(say("job.stopped", name=name))}</div>')
        return False
    del state.jobs()[key]
    try:
        answer = job.answer()
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return False
    keep(key, answer)
    return True


@st.fragment(run_every=EVERY)
def progress(job: Job, key: str, words: Words, say: Texts) -> None:
    """How far a job is, looked at again and again; once it has ended the whole page is."""
    if not job.running():
        st.rerun()
    text, part = words(job.done)
    if job.stopping:
        text = say("job.stopping")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container():
            if part is None:
                st.html(f'<div class="small" role="status">{escape(text)}</div>')
            else:
                st.progress(min(1.0, max(0.0, part)), text=verbatim(text))
        st.button(say("job.stop"), key=key, on_click=job.stop, disabled=job.stopping)
