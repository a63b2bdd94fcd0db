"""A manifest's check on the screen: its verdict and issues first, then each part of it."""

from __future__ import annotations

import streamlit as st

from dashboard.figures import data as draw
from dashboard.foreign import escape
from dashboard.parts.blocks import blank, small, table, title
from dashboard.text import Texts
from mmbm.data.check.report import DataReport, QualityRow
from mmbm.text import sentence

__all__ = ["show"]

SHOWN = 15  # associations
EXAMPLES = 3  # of an issue
PARTS = ("cases", "patients", "image", "notes", "audio", "all_three", "notes_naming")


def show(name: str, report: DataReport, say: Texts) -> None:
    """One tab of the page."""
    match name:
        case "summary":
            summary(report, say)
        case "balance":
            balance(report, say)
        case "associations":
            associations(report, say)
        case "quality":
            quality(report, say)
        case "inputs":
            inputs(report, say)


def summary(report: DataReport, say: Texts) -> None:
    """Fit to use or not, what it is, and the issues, errors first."""
    kind = "fail" if report.errors else "caution" if report.warnings else "pass"
    verdict = escape(say.of(report.verdict))
    st.html(f'<div class="standing"><span class="verdict {kind}">{verdict}</span></div>')
    small(
        say(
            "data.about",
            sources=say("findings.then").join(report.sources) or "–",
            labels=say("findings.then").join(draw.label_name(n, say) for n in report.labels) or "–",
        )
    )
    title("data.remarks", say)
    rows = [
        (
            say(f"data.severity.{remark.severity}"),
            say.of(remark.said),
            say.several(map(say.of, remark.examples[:EXAMPLES]))
            + (f" … (+{remark.count - EXAMPLES:,})" if remark.count > EXAMPLES else ""),
        )
        for remark in report.remarks
    ]
    table(rows, ("data.severity", "data.remark", "data.examples"), say, "data.remarks.none")
    small(say("data.sha", sha=report.sha256))


def balance(report: DataReport, say: Texts) -> None:
    """How often one label is positive, by split and source."""
    title("data.balance", say)
    if not report.labels:
        blank(say, "data.no_labels")
        return
    chosen = st.selectbox(
        say("data.label"),
        report.labels,
        format_func=lambda label: draw.label_name(label, say),
        key="data-label",
    )
    st.html(draw.balance(report.balance, chosen or report.labels[0], say))
    small(say("data.balance.caption"))


def inputs(report: DataReport, say: Texts) -> None:
    """Which inputs the cases have."""
    title("data.parts", say)
    rows = [
        (draw.cell_name(row, say), *(f"{getattr(row, part):,}" for part in PARTS))
        for row in report.parts
    ]
    heads = ("data.source", *(f"data.{part}" for part in PARTS))
    table(rows, heads, say, "data.no_cases")


def associations(report: DataReport, say: Texts) -> None:
    """What a label can be told from."""
    title("data.associations", say)
    strongest = report.associations[:SHOWN]
    if not strongest:
        blank(say, "data.no_associations")
        return
    st.html(draw.associations(strongest, say))
    small(say("data.associations.caption"))


def quality(report: DataReport, say: Texts) -> None:
    """Films and recordings of each source."""
    title("data.quality", say)
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
    table(rows, heads, say, "data.no_files")
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
        st.html(draw.spreads(report.quality, chosen or names[0], say))
        small(say("data.spreads.caption"))


def poor(row: QualityRow, say: Texts) -> str:
    """The remarks on one source's files."""
    told = [
        say.of(sentence(f"data.kind.{kind}", count=count)) for kind, count in row.faults.items()
    ]
    return " ".join(told) or "–"
