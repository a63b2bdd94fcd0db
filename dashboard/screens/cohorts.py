"""Cohorts: a model's score as an exploratory endpoint, by arm and visit, and against survival."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.parts.cohort import show, what_it_is
from dashboard.parts.tabs import open_tab
from dashboard.text import Texts
from mmbm.cohort.figures import CohortReport
from mmbm.cohort.study import study
from mmbm.errors import MMBMError
from mmbm.storage import assets_folder

TABS = ("summary", "distribution", "survival")


def example() -> Path:
    """The scores that come with the program."""
    return assets_folder() / "cohort" / "cohort.csv"


def asked(say: Texts) -> tuple[Path | None, str | None, float | None]:
    """The table, the endpoint and the wanted difference, once a button is pressed."""
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
        wanted = st.number_input(
            say("cohorts.wanted"), value=None, key="cohort-wanted", width=200, step=0.1
        )
        pressed = st.form_submit_button(say("cohorts.compare"), type="primary", key="cohort-run")
        again = st.form_submit_button(say("cohorts.example"), key="cohort-example")
    if again:
        return example(), None, wanted
    chosen = Path(path.strip()).expanduser() if pressed and path.strip() else None
    return chosen, endpoint.strip() or None, wanted


def compared(
    path: Path, endpoint: str | None, wanted: float | None, say: Texts
) -> CohortReport | None:
    """The report; a refusal is said on the page."""
    try:
        with st.spinner(say("cohorts.working")):
            return study(path, endpoint, wanted=wanted)
    except MMBMError as refusal:
        st.error(verbatim(say("cohorts.refused", reason=say.of(refusal))))
        return None


say = state.say()
st.header(say("cohorts.title"), anchor=False)
st.html(f'<div class="small">{escape(say("cohorts.intro"))}</div>')
path, endpoint, wanted = asked(say)
report = state.kept_cohort()
if path is not None or report is None:
    report = compared(path or example(), endpoint, wanted, say)
    state.keep_cohort(report)
if report is not None:
    what_it_is(report, example(), say)
    name, tab = open_tab("cohorts", {n: say(f"cohorts.tab.{n}") for n in TABS}, say)
    with tab:
        show(name, report, say)
