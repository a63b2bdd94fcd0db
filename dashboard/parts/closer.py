"""Look closer: a map down to pixels, words or sound by a chosen method, judged, or two of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import models, state
from dashboard.foreign import escape, verbatim
from dashboard.jobs import Job
from dashboard.parts import badge, running
from dashboard.parts.closer_map import baseline_words, draw
from dashboard.review import Review
from dashboard.state import CloserKey
from dashboard.text import Texts
from mmbm.branches.registry import branch_of, space_named
from mmbm.case import Modality
from mmbm.explain.attribution import (
    NO_BASELINE,
    Attribution,
    attribute,
)
from mmbm.predict import Prediction, Predictor

__all__ = ["closer", "made", "taken", "task"]

Choice = tuple[str, str]  # a space and a method's name


def closer(seen: Review, finding: str, say: Texts) -> None:
    """The choices, their progress and one map or two."""
    st.html(f'<div class="small">{escape(say("closer.body"))}</div>')
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = pick_part(seen, say)
        choices = methods_of(part)
        first = pick_method(choices, say("closer.method"), f"closer-method-{part}", say)
        keys = [(*first, finding, pick_baseline(first, say, 0))]
        others = [choice for choice in choices if choice != first]
        if others and st.toggle(say("closer.compare"), key="closer-compare"):
            second = pick_method(others, say("closer.second"), f"closer-second-{part}", say)
            keys.append((*second, finding, pick_baseline(second, say, 1)))
        st.button(
            say("closer.run"),
            key="closer-run",
            type="primary",
            on_click=running.ask,
            args=(seen.analysis.case, {key: task(seen, key) for key in keys if not made(key)}),
        )
    for place, key in zip(st.columns(len(keys), gap="medium"), keys, strict=True):
        with place:
            panel(seen, key, keys.index(key), say)
    for key in [k for k in state.jobs() if len(k) == 4 and k not in keys]:
        taken(key, say)  # begun before other choices were made


def pick_part(seen: Review, say: Texts) -> Modality:
    """Which part of the case."""
    present = seen.analysis.prediction.present
    chosen = st.segmented_control(
        say("closer.modality"),
        list(present),
        default=present[0],
        format_func=lambda m: verbatim(say.name("modality", m)),
        key="closer-part",
        required=True,
    )
    return chosen if chosen in present else present[0]


def methods_of(part: Modality) -> list[Choice]:
    """The methods for a part, the default first; sound has two spaces."""
    spaces = branch_of(part).spaces_of(models.predictor().config.of(part))
    return [(space.over, method) for space in spaces for method in space.methods]


def pick_method(choices: list[Choice], label: str, key: str, say: Texts) -> Choice:
    """One of the methods; of which space is said where the part has two."""
    spaces = {over for over, _ in choices}

    def name(choice: Choice) -> str:
        over, method = choice
        return (
            method if len(spaces) == 1 else f"{method} · {say.strings.get(f'closer.{over}', over)}"
        )

    return st.selectbox(label, choices, format_func=name, key=key)


def pick_baseline(choice: Choice, say: Texts, place: int) -> str:
    """The baseline's name; "" and no widget for a method that has none."""
    over, method = choice
    if method in NO_BASELINE:
        return ""
    return st.selectbox(
        say("closer.baseline"),
        list(space_named(over)[1].baselines),
        format_func=lambda name: baseline_words(over, name, say),
        key=f"closer-baseline-{over}-{place}",
    )


def panel(seen: Review, key: CloserKey, place: int, say: Texts) -> None:
    """One map with its verdict, once it is made."""
    fresh = taken(key, say)
    found = state.kept_closer(key)
    if not isinstance(found, Attribution):
        return
    container = f"closer-map-{place}"
    with st.container(key=container):
        draw(seen, found, place, say)
    badge.show(seen, key, found, container, fresh=fresh, say=say)


def taken(key: CloserKey, say: Texts, place: str = "") -> bool:
    """Whether a map was done just now; one that is being made is shown with its progress.

    ``place`` names the place on the page where there is another one that shows it.
    """
    _, method, finding, _ = key
    name = f"{method} · {say.name('finding', finding)}"

    def words(done: float) -> tuple[str, float]:
        return say("closer.running", method=name), done

    return running.look(key, name, state.keep_closer, words, say, place)


def made(key: CloserKey) -> bool:
    """Whether this map was made before."""
    return state.kept_closer(key) is not None


def task(seen: Review, key: CloserKey) -> Callable[[Job], Attribution]:
    """What makes this map."""
    return partial(compute, models.predictor(), seen.analysis.prediction, key)


def compute(predictor: Predictor, prediction: Prediction, key: CloserKey, job: Job) -> Attribution:
    """Run the method. The first is asked for as the default, which falls back where incomplete."""
    over, method, finding, baseline = key
    return attribute(
        *(predictor, prediction, over, finding),
        method=None if method == space_named(over)[1].methods[0] else method,
        baseline=baseline or None,
        progress=job.say,
        cancelled=job.cancelled,
    )
