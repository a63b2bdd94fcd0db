"""A manifest's check on the screen: verdict, remarks, and a figure or table of each part."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import markup
from dashboard.figures import data as draw
from dashboard.foreign import escape, verbatim
from dashboard.parts.chart import chart
from dashboard.text import Texts
from mmbm.data.check.report import DataReport, QualityRow
from mmbm.text import sentence

__all__ = ["report_page", "verdict"]

SHOWN = 15  # associations
PARTS = ("cases", "patients", "image", "notes", "audio", "all_three", "notes_naming")


def verdict(report: DataReport, say: Texts) -> None:
    """One line: fit to use or not."""
    shown = st.error if report.errors else st.warning if report.warnings else st.success
    shown(verbatim(say.of(report.verdict)))


def report_page(report: DataReport, say: Texts) -> None:
    """All of a report."""
    st.subheader(say("data.remarks"), anchor=False)
    rows = [
        (
            say(f"data.severity.{remark.severity}"),
            say.of(remark.said),
            "; ".join(map(say.of, remark.examples[:4])),
        )
        for remark in report.remarks
    ]
    heads = ("data.severity", "data.remark", "data.examples")
    table(rows, heads, "data.remarks.none", say)
    left, right = st.columns(2, gap="medium")
    with left:
        balance(report, say)
        parts(report, say)
    with right:
        associations(report, say)
        quality(report, say)
    sha = f'<div class="small">{escape(say("data.sha", sha=report.sha256))}</div>'
    st.html(sha)


def table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...], none: str, say: Texts) -> None:
    """A table, or the sentence that says why there is none."""
    if rows:
        st.html(markup.facts_table(rows, head=[say(head) for head in heads]))
    else:
        st.html(f'<div class="blank">{escape(say(none))}</div>')


def balance(report: DataReport, say: Texts) -> None:
    """How often one label is positive, by split and source."""
    st.subheader(say("data.balance"), anchor=False)
    if not report.labels:
        st.html(f'<div class="blank">{escape(say("data.no_labels"))}</div>')
        return
    chosen = st.selectbox(
        say("data.label"),
        report.labels,
        format_func=lambda label: draw.label_name(label, say),
        key="data-label",
    )
    figure = draw.balance(report.balance, chosen or report.labels[0], say)
    chart(figure, "data.balance", say)


def parts(report: DataReport, say: Texts) -> None:
    """Which parts the cases have."""
    st.subheader(say("data.parts"), anchor=False)
    rows = [
        (
            draw.cell_name(row, say),
            *(f"{getattr(row, part):,}" for part in PARTS),
        )
        for row in report.parts
    ]
    table(rows, ("data.source", *(f"data.{part}" for part in PARTS)), "data.no_cases", say)


def associations(report: DataReport, say: Texts) -> None:
    """What a label can be told from."""
    st.subheader(say("data.associations"), anchor=False)
    strongest = report.associations[:SHOWN]
    if not strongest:
        st.html(f'<div class="blank">{escape(say("data.no_associations"))}</div>')
        return
    figure = draw.associations(strongest, say)
    chart(figure, "data.associations", say)
    st.html(f'<div class="small">{escape(say("data.associations.caption"))}</div>')


def quality(report: DataReport, say: Texts) -> None:
    """Films and recordings of each source."""
    st.subheader(say("data.quality"), anchor=False)
    names = list(dict.fromkeys(name for row in report.quality for name in row.figures))
    if names:
        chosen = st.segmented_control(
            say("data.figure"),
            names,
            default=names[0],
            format_func=lambda name: say(f"data.figure.{name}"),
            key="data-figure",
            label_visibility="collapsed",
            required=True,
        )
        figure = draw.spreads(report.quality, chosen or names[0], say)
        chart(figure, "data.spreads", say)
    rows = [
        (
            row.source,
            say.name("modality", row.part),
            f"{row.files:,}",
            f"{row.unreadable:,}",
            poor(row, say),
        )
        for row in report.quality
    ]
    heads = ("data.source", "data.part", "data.files", "data.unreadable", "data.faults")
    table(rows, heads, "data.no_files", say)


def poor(row: QualityRow, say: Texts) -> str:
    """The remarks on one source's files."""
    told = [
        say.of(sentence(f"data.kind.{kind}", count=count)) for kind, count in row.faults.items()
    ]
    return " ".join(told) or "–"
