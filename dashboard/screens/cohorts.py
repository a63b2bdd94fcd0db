"""Cohorts: a model's score as an exploratory endpoint, by arm and visit, and against survival."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.parts.blocks import small
from dashboard.parts.cohort import show, what_it_is
from dashboard.parts.tabs import open_tab
from dashboard.stored import store, store_is_on
from dashboard.text import Texts
from mmbm.cohort.figures import CohortReport
from mmbm.cohort.study import study
from mmbm.errors import MMBMError
from mmbm.storage import assets_folder
from mmbm.text import sentence

TABS = ("summary", "distribution", "survival")


def example() -> Path:
    """The scores that come with the program."""
    return assets_folder() / "cohort" / "cohort.csv"


class Asked(NamedTuple):
    """The table once a button is pressed, and what of it is wanted."""

    path: Path | None
    endpoint: str | None
    baseline: str | None
    wanted: float | None
    stored: bool


def asked(say: Texts) -> Asked:
    """The form."""
    with (
        st.form("cohort-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        path = st.text_input(
            say("cohorts.path"), placeholder="/data/scores.csv", key="cohort-path", width="stretch"
        )
        endpoint = st.text_input(
            say("cohorts.endpoint"), placeholder="pneumonia.logit", key="cohort-endpoint", width=200
        )
        baseline = st.text_input(
            say("cohorts.baseline"), placeholder="0", key="cohort-baseline", width=150
        )
        wanted = st.number_input(
            say("cohorts.wanted"), value=None, key="cohort-wanted", width=200, step=0.1
        )
        stored = store_is_on() and st.checkbox(say("cohorts.stored"), key="cohort-stored")
        pressed = st.form_submit_button(say("cohorts.compare"), type="primary", key="cohort-run")
        again = st.form_submit_button(say("cohorts.example"), key="cohort-example")
    if again:
        return Asked(example(), None, None, wanted, False)
    chosen = Path(path.strip()) if pressed and path.strip() else None
    with suppress(RuntimeError):  # nobody is called so: the file is not there then
        chosen = chosen and chosen.expanduser()
    return Asked(chosen, endpoint.strip() or None, baseline.strip() or None, wanted, stored)


def compared(path: Path, given: Asked, say: Texts) -> CohortReport | None:
    """The report; a refusal is said on the page."""
    try:
        with st.spinner(say("cohorts.working")):
            rows = store().scored() if given.stored else None
            return study(
                path,
                given.endpoint,
                baseline=given.baseline,
                wanted=given.wanted,
                stored=rows,
            )
    except MMBMError as refusal:
        st.error(verbatim(say("cohorts.refused", reason=say.of(refusal))))
        return None


say = state.say()
st.header(say("cohorts.title"), anchor=False)
st.html(f'<div class="small">{escape(say("cohorts.intro"))}</div>')
given = asked(say)
report = state.kept_cohort()
if given.path is None and report is None:
    given = Asked(example(), None, None, given.wanted, False)
if given.path is not None:
    report = compared(given.path, given, say)
    state.keep_cohort(report)
if report is not None:
    what_it_is(report, example(), say)
    if given.wanted is not None and report.sample_size is None:
        small(say.of(sentence("cohort.no_size")))
    name, tab = open_tab("cohorts", {n: say(f"cohorts.tab.{n}") for n in TABS}, say)
    with tab:
        show(name, report, say)
