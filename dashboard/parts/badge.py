"""The verdict beside a map: passed, caution or failed, with its numbers in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import markup, models, state
from dashboard.foreign import escape
from dashboard.jobs import Job
from dashboard.parts import running
from dashboard.parts.closer_map import fraction
from dashboard.review import Review
from dashboard.state import CloserKey, VerdictKey
from dashboard.text import Texts
from mmbm.errors import MMBMError
from mmbm.explain.attribution import Attribution, evidence
from mmbm.explain.verdict import CURVES, LIMITS, Check, MapVerdict, Sanity, verdict
from mmbm.predict import Prediction, Predictor

__all__ = ["show", "table"]

PATIENCE = 10.0  # seconds that a verdict may take without being asked for
REPEATS = 3  # of the map, with noise


def show(
    seen: Review,
    key: CloserKey,
    found: Attribution,
    place: str,
    *,
    fresh: bool,
    say: Texts,
    brief: bool = False,
) -> None:
    """The badge, or the button that asks for it; judged unasked after a run, where that is quick.

    ``place`` is the container that the map is drawn in: a map that failed is greyed there until
    the reader wants it shown. With ``brief`` the checks are folded away.
    """
    sanity = sanity_of(found)
    if state.kept_verdict(key) is None:
        obtain(seen, key, found, sanity, place, fresh, say)
    judged = state.kept_verdict(key)
    if judged is None:
        return
    st.html((folded if brief else table)(judged, sanity, say))
    shown = judged.state == "fail" and st.toggle(say("verdict.anyway"), key=f"{place}-show")
    if judged.state == "fail" and not shown:
        st.html(f"<style>.st-key-{place} {{ filter: grayscale(1); opacity: 0.35; }}</style>")


def obtain(
    seen: Review,
    key: CloserKey,
    found: Attribution,
    sanity: Sanity | None,
    place: str,
    fresh: bool,
    say: Texts,
) -> None:
    """Have a verdict made where that is quick, take it once it is, or offer to make it."""
    job: VerdictKey = ("verdict", *key)
    task = partial(judge, models.predictor(), seen.analysis.prediction, key, found.method, sanity)
    if fresh and REPEATS * found.seconds < PATIENCE / 2:
        running.begin(job, partial(task, PATIENCE), asked=False)
    name = say("verdict.running", method=found.method)

    def keep(_: object, made: MapVerdict | None) -> None:
        if made is not None:
            state.keep_verdict(key, made)

    running.look(job, name, keep, lambda done: (name, done), say, place)
    if running.runs(job) or state.kept_verdict(key) is not None:
        return
    st.button(
        say("verdict.ask"),
        key=f"{place}-judge",
        on_click=running.ask,
        args=(seen.analysis.case, {job: partial(task, None)}),
    )
    st.html(f'<div class="small">{escape(say("verdict.cost"))}</div>')


def sanity_of(found: Attribution) -> Sanity | None:
    """What the model's folder holds of this method; a damaged file counts as none."""
    try:
        stored = models.sanity()
    except MMBMError:
        return None
    return next((s for s in stored if (s.over, s.method) == (found.over, found.method)), None)


def judge(
    predictor: Predictor,
    prediction: Prediction,
    key: CloserKey,
    method: str,
    sanity: Sanity | None,
    patience: float | None,
    job: Job,
) -> MapVerdict | None:
    """Judge a map; None where it would take longer than patience. Raises Cancelled if stopped."""
    over, _, finding, baseline = key
    try:
        map_ = evidence(
            *(predictor, prediction, over, finding),
            method=method,
            baseline=baseline or None,
            repeats=REPEATS,
            cancelled=job.cancelled,
        )
        return verdict(
            *(map_.shares, timed(map_.erase, job, patience)),
            grid=map_.grid,
            delta=map_.delta,
            again=map_.again,
            sanity=sanity,
        )
    except TooSlow:
        return None


class TooSlow(Exception):
    """A verdict that nobody asked for would take too long."""


def timed(
    erase: Callable[[NDArray[np.bool_]], NDArray[np.float64]], job: Job, patience: float | None
) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
    """``erase`` that says how far the verdict is and gives up where all would outlast patience."""
    began, calls = time.perf_counter(), 0

    def erased(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        nonlocal calls
        logits = erase(masks)
        calls += 1
        expected = (time.perf_counter() - began) * CURVES / calls
        if patience is not None and calls == 2 and expected > patience:  # the first one warms up
            raise TooSlow
        job.say(min(1.0, calls / CURVES))
        return logits

    return erased


def table(judged: MapVerdict, sanity: Sanity | None, say: Texts) -> str:
    """The badge and a row for each check; a check that was not made says so."""
    return f'<div class="small judged">{pill(judged, say)}</div>{checks(judged, sanity, say)}'


def folded(judged: MapVerdict, sanity: Sanity | None, say: Texts) -> str:
    """The same with the rows shown when the badge is clicked."""
    return (
        f'<details class="small judged"><summary>{pill(judged, say)}</summary>'
        f"{checks(judged, sanity, say)}</details>"
    )


def pill(judged: MapVerdict, say: Texts) -> str:
    """The state, and what it means."""
    name, line = (escape(say(f"verdict.{judged.state}{part}")) for part in ("", ".means"))
    return f'<span class="verdict {judged.state}">{name}</span> {line}'


def checks(judged: MapVerdict, sanity: Sanity | None, say: Texts) -> str:
    """A row for each check."""
    made = {check.name: check for check in judged.checks}
    rows = []
    for name in LIMITS:
        check = made.get(name)
        if check is None:
            rows.append((say(f"verdict.{name}"), say(f"verdict.{name}.none"), "–"))
        else:
            words = in_words(check, judged, sanity, say)
            rows.append((say(f"verdict.{name}"), words, say(f"verdict.{check.state}")))
    return markup.facts_table(rows)


def in_words(check: Check, judged: MapVerdict, sanity: Sanity | None, say: Texts) -> str:
    """One check's number as a sentence."""
    value = "< 0.001" if check.value < 0.001 else f"{check.value:.2g}"
    if check.name in ("deletion", "insertion"):
        return say(
            f"verdict.{check.name}.is",
            mean=markup.signed(getattr(judged, check.name)),
            random=markup.signed(judged.random),
            chance=value,
        )
    if check.name == "contrast":
        above = markup.signed(judged.insertion - judged.deletion)
        return say("verdict.contrast.is", mean=above, chance=value)
    if check.name == "sanity":
        return say("verdict.sanity.is", value=value, cases=sanity.cases if sanity else "–")
    return say(f"verdict.{check.name}.is", percent=fraction(check.value))
