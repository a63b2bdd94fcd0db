"""Data: a manifest on this machine, checked before anything is trained or tested on it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.parts.data_check import report_page, verdict
from dashboard.text import Texts
from mmbm.data.check.check import check
from mmbm.data.check.report import DataReport
from mmbm.errors import MMBMError


def run(path: str, say: Texts) -> DataReport | None:
    """Check with a progress bar; a refusal is said on the page."""
    bar = st.progress(0.0, say("data.working"))

    def progress(what: str, done: int, of: int) -> None:
        part = say.name("progress", what)
        if done == of or done % 10 == 0:
            bar.progress(done / of, verbatim(f"{part}: {done:,} / {of:,}"))

    try:
        return check(Path(path).expanduser(), progress)
    except MMBMError as refusal:
        st.error(verbatim(say("data.refused", reason=say.of(refusal))))
        return None
    finally:
        bar.empty()


def asked(say: Texts) -> str | None:
    """The path of the manifest, once the button is pressed."""
    with (
        st.form("data-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        path = st.text_input(
            say("data.path"), placeholder="/data/manifest.csv", key="data-path", width="stretch"
        )
        pressed = st.form_submit_button(say("data.check"), type="primary", key="data-check")
    return path.strip() if pressed and path.strip() else None


say = state.say()
st.header(say("data.title"), anchor=False)
st.html(f'<div class="small">{escape(say("data.intro"))}</div>')
path = asked(say)
if path is not None:
    state.keep_data_report(run(path, say))
report = state.kept_data_report()
if report is not None:
    verdict(report, say)
    st.download_button(
        say("data.download"),
        report.model_dump_json(indent=2),
        file_name="data-check.json",
        mime="application/json",
    )
    report_page(report, say)
elif path is None:
    st.html(f'<div class="blank">{escape(say("data.none"))}</div>')
