"""Data: a manifest on this machine, checked before anything is trained or tested on it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.foreign import escape, verbatim
from dashboard.parts.data_check import show
from dashboard.parts.tabs import open_tab
from dashboard.text import Texts
from mmbm.data.check.check import check
from mmbm.data.check.report import DataReport
from mmbm.errors import MMBMError
from mmbm.storage import assets_folder, checksum

TABS = ("summary", "balance", "associations", "quality", "inputs")


def example() -> Path:
    """The manifest that comes with the program."""
    return assets_folder() / "example" / "manifest.csv"


def run(path: Path, say: Texts) -> DataReport | None:
    """Check with a progress bar; a refusal is said on the page."""
    bar = st.progress(0.0, say("data.working"))

    def progress(what: str, done: int, of: int) -> None:
        part = say.name("progress", what)
        if done == of or done % 10 == 0:
            bar.progress(done / of, verbatim(f"{part}: {done:,} / {of:,}"))

    try:
        return check(path.expanduser(), progress)
    except MMBMError as refusal:
        st.error(verbatim(say("data.refused", reason=say.of(refusal))))
        return None
    finally:
        bar.empty()


def asked(say: Texts) -> Path | None:
    """The path of the manifest, once one of the buttons is pressed."""
    with (
        st.form("data-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        path = st.text_input(
            say("data.path"), placeholder="/data/manifest.csv", key="data-path", width="stretch"
        )
        pressed = st.form_submit_button(say("data.check"), type="primary", key="data-check")
        again = st.form_submit_button(say("data.example"), key="data-example")
    if again:
        return example()
    return Path(path.strip()) if pressed and path.strip() else None


def what_it_is(report: DataReport, say: Texts) -> None:
    """Whether this is the example or the reader's own, with the report as a file."""
    of_example = report.sha256 == checksum(example().read_bytes())
    said = say("data.is_own", name=report.manifest)
    if of_example:
        said = say("data.is_example", n=f"{report.cases:,}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="small">{escape(said)}</div>', width="stretch")
        st.download_button(
            say("data.download"),
            report.model_dump_json(indent=2),
            file_name="data-check.json",
            mime="application/json",
        )


say = state.say()
st.header(say("data.title"), anchor=False)
st.html(f'<div class="small">{escape(say("data.intro"))}</div>')
path = asked(say)
report = state.kept_data_report()
if path is not None or report is None:
    report = run(path or example(), say)
    state.keep_data_report(report)
if report is not None:
    what_it_is(report, say)
    name, tab = open_tab("data", {n: say(f"data.tab.{n}") for n in TABS}, say)
    with tab:
        show(name, report, say)
