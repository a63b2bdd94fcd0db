"""Several models' scores of the same cases: files in, differences and curves out."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import state
from dashboard.figures import forest
from dashboard.figures import paired as draw
from dashboard.parts.blocks import block, pick_finding, small, table, with_files
from dashboard.parts.tabs import open_tab
from dashboard.text import Texts
from mmbm.compare.example import simulated
from mmbm.compare.figures import CompareReport, FindingReport
from mmbm.compare.files import archive
from mmbm.compare.given import parse_given
from mmbm.compare.said import about as sentences_about
from mmbm.compare.scores import parse_labels
from mmbm.compare.study import compare_scores
from mmbm.storage import checksum
from mmbm.text import sentence

__all__ = ["paired"]

TABS = ("summary", "curves")
EXAMPLE = 7  # seed


def paired(say: Texts) -> None:
    """Ask for files, then show the report; at first that of an example. Raises MMBMError."""
    small(say("paired.intro"))
    given = asked(say)
    report = state.kept_comparison()
    if given.pressed or report is None:
        state.keep_comparison(None)
        with st.spinner(say("cohorts.working")):
            report = (
                compared(given)
                if given.pressed == "run"
                else compare_scores(parse_given(example()).scores)
            )
        state.keep_comparison(report)
    show(report, say)


class Asked(NamedTuple):
    """What was handed in, and the button that was pressed, if any."""

    files: list[UploadedFile]
    labels: UploadedFile | None
    point: float
    pressed: Literal["", "run", "example"]


def asked(say: Texts) -> Asked:
    """The form's files and buttons."""
    with st.form("paired-form", border=False):
        left, right = st.columns([3, 2], gap="medium")
        files = left.file_uploader(
            say("paired.files"),
            type=["parquet", "csv"],
            accept_multiple_files=True,
            key="paired-files",
        )
        labels = right.file_uploader(
            say("paired.labels"), type=["csv", "parquet"], key="paired-labels"
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            point = st.number_input(
                say("paired.point"),
                min_value=0.01,
                max_value=0.99,
                value=0.5,
                step=0.05,
                key="paired-point",
                width=260,
            )
            run = st.form_submit_button(say("cohorts.compare"), type="primary", key="paired-run")
            again = st.form_submit_button(say("cohorts.example"), key="paired-example")
    return Asked(files, labels, point, "example" if again else "run" if run else "")


@cache
def example() -> list[tuple[str, bytes]]:
    """The files of two made-up models on the same made-up cases."""
    tables = simulated(EXAMPLE)
    return [(f"{name}.csv", rows.to_csv(index=False).encode()) for name, rows in tables.items()]


def compared(given: Asked) -> CompareReport:
    """The report of the files that were handed in. Raises MMBMError."""
    found = parse_given([(file.name, file.getvalue()) for file in given.files])
    labels = given.labels
    known = None if labels is None else parse_labels(labels.name, labels.getvalue())
    return compare_scores(found.scores, known, thresholds=(given.point,))


def show(report: CompareReport, say: Texts) -> None:
    """What was compared, then one finding at a time."""
    about(report, say)
    names = [found.finding for found in report.findings]
    chosen = pick_finding(names, "paired-finding", say)
    found = next(f for f in report.findings if f.finding == chosen)
    name, tab = open_tab("paired", {n: say(f"paired.tab.{n}") for n in TABS}, say)
    with tab:
        if name == "summary":
            summary(found, report, say)
        else:
            curves(found, say)


def about(report: CompareReport, say: Texts) -> None:
    """Which files, which cases, and what was left out."""
    ours = {checksum(content) for _, content in example()}
    said = [say("paired.is_example")] if {f.sha256 for f in report.files} == ours else []
    named = say.listed(file.model for file in report.files)
    said.append(say("paired.of", models=named, cases=f"{report.cases:,}"))
    said += [say.of(one) for one in sentences_about(report)]
    with_files(
        " ".join(said),
        "paired.download",
        lambda: archive(report, say.language),
        "comparison.zip",
        say,
    )


def summary(found: FindingReport, report: CompareReport, say: Texts) -> None:
    """Each difference with its interval and p-values, then each model's own figures."""
    st.html(forest.paired(found, say))
    tests = sum(len(f.differences) for f in report.findings)
    method = sentence("compare.method", reference=report.files[0].model, draws=report.draws)
    small(say.of(method) + " " + say.of(sentence("cohort.holm", tests=tests)))
    rows = [
        (
            m.model,
            f"{found.patients:,}",
            f"{found.cases:,}",
            f"{found.positives:,}",
            forest.interval(m.auroc, m.auroc_ci),
            forest.interval(m.sensitivity, m.sensitivity_ci),
            forest.interval(m.specificity, m.specificity_ci),
            f"{m.threshold:.2f}",
        )
        for m in found.models
    ]
    counts = ("model.patients", "model.cases", "model.positives")
    figures = ("auroc", "sensitivity", "specificity", "from")
    table(rows, ["paired.model", *counts, *(f"paired.{f}" for f in figures)], say)
    small(say("paired.few") if found.few else "")


def curves(found: FindingReport, say: Texts) -> None:
    """ROC curves together, and decision curves beside them."""
    left, right = st.columns(2, gap="medium")
    with left:
        block("paired-roc", lambda: draw.roc(found, say), "", say)
    with right:
        block("paired-decision", lambda: draw.decision(found, say), "", say)
    share = f"{found.positives / found.cases:.0%}".replace("%", " %")
    small(say("paired.decision", share=share))
