"""A cohort's report on the screen: what it may be read as, then each part of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.figures import cohort as draw
from dashboard.figures.forest import probability
from dashboard.foreign import escape
from dashboard.markup import signed
from dashboard.parts.blocks import blank, block, small, table, title, with_files
from dashboard.text import Texts
from mmbm.cohort.figures import CohortReport
from mmbm.cohort.files import archive
from mmbm.cohort.said import left_out, rounded, uncompared
from mmbm.storage import checksum
from mmbm.text import sentence

__all__ = ["show", "what_it_is"]


def what_it_is(report: CohortReport, example: Path, say: Texts) -> None:
    """Whose scores these are, that they are exploratory, and all of it as files."""
    wording = say.of(sentence("cohort.wording"))
    st.html(f'<div class="standing"><span class="verdict caution">{escape(wording)}</span></div>')
    of_example = report.sha256 == checksum(example.read_bytes())
    key = "cohorts.is_example" if of_example else "cohorts.is_own"
    said = say(key, name=report.file, patients=f"{report.patients:,}", rows=f"{report.rows:,}")
    with_files(said, "cohorts.download", lambda: archive(report, say.language), "cohort.zip", say)


def show(name: str, report: CohortReport, say: Texts) -> None:
    """One tab of the page."""
    match name:
        case "summary":
            summary(report, say)
        case "distribution":
            distribution(report, say)
        case "survival":
            survival(report, say)


def summary(report: CohortReport, say: Texts) -> None:
    """The differences between the arms, what they take to be seen, and what was left out."""
    of_change = any(d.of == "change" for d in report.differences)
    key = "cohorts.differences_change" if of_change else "cohorts.differences"
    title(key, say, baseline=report.visits[0])
    rows = [
        (
            f"{d.arm} − {d.control}",
            d.visit,
            f"{d.patients:,} / {d.control_patients:,}",
            between(d.difference, d.ci, say),
            between(None, d.bootstrap_ci, say),
            "–" if d.adjusted is None else between(d.adjusted, d.adjusted_ci, say),
            between(d.effect, d.effect_ci, say),
            probability(d.p),
            probability(d.p_holm),
        )
        for d in report.differences
    ]
    heads = ("arms", "visit", "patients", "difference", "bootstrap", "adjusted", "g", "p", "holm")
    if rows:
        table(rows, [f"cohorts.{head}" for head in heads], say)
        small(say("cohorts.differences.caption", control=report.control or ""))
    for said in uncompared(report):
        small(say.of(said))
    if len(rows) > 1:
        small(say.of(sentence("cohort.holm", tests=len(rows))))
    if report.sample_size is not None:
        s = report.sample_size
        size = {"each": s.each_arm, "wanted": s.wanted, "power": s.power, "sd": s.sd}
        small(say.of(sentence("cli.cohort.size", **size)))
    for said in left_out(report):
        small(say.of(said))
    small(say("cohorts.sha", sha=report.sha256))


def distribution(report: CohortReport, say: Texts) -> None:
    """The endpoint by arm and visit, and its change from baseline."""
    title("cohorts.distribution", say)
    block("cohorts.distribution", lambda: draw.boxes(report, say), report.endpoint, say)
    rows = [
        (
            g.arm,
            g.visit,
            f"{g.patients:,}",
            between(g.mean, g.mean_ci, say),
            "–" if g.sd is None else f"{g.sd:.3f}",
            f"{number(g.low)} / {' / '.join(map(number, g.quartiles))} / {number(g.high)}",
        )
        for g in report.groups
    ]
    heads = ("arm", "visit", "patients", "mean", "sd", "quartiles")
    table(rows, [f"cohorts.{head}" for head in heads], say)
    title("cohorts.change", say, baseline=report.visits[0])
    changed = [
        (
            c.arm,
            c.visit,
            f"{c.patients:,}",
            between(c.mean, c.mean_ci, say),
            "–" if c.sd is None else f"{c.sd:.3f}",
        )
        for c in report.changes
    ]
    table(changed, [f"cohorts.{head}" for head in heads[:5]], say, "cohorts.one_visit")
    small(say("cohorts.change.caption") if changed else "")


def survival(report: CohortReport, say: Texts) -> None:
    """Curves by arm and by score, with the log-rank test."""
    if not report.survival:
        blank(say, "cohorts.no_times")
    for compared in report.survival:
        title(f"cohorts.survival.{compared.by}", say, visit=report.visits[0])
        rows = [
            (
                draw.group_name(c.group, compared.by, say),
                f"{c.patients:,}",
                f"{c.events:,}",
                say("cohorts.not_reached") if c.median is None else f"{c.median:.4g}",
            )
            for c in compared.curves
        ]
        test = (
            ""
            if compared.p is None or compared.chi2 is None
            else say("cohorts.logrank", chi2=f"{compared.chi2:.2f}", p=probability(compared.p))
        )
        key = f"cohorts.survival.{compared.by}"
        block(key, lambda c=compared: draw.curves(c, say), test, say)  # type: ignore[misc]
        table(rows, [f"cohorts.{h}" for h in ("group", "patients", "events", "median")], say)


def number(value: float) -> str:
    """A number with a true minus, and no "−0.00"."""
    return f"{rounded(value, 2):.2f}".replace("-", "−")


def between(value: float | None, bounds: tuple[float, float] | None, say: Texts) -> str:
    """A value with its interval; without a value the interval alone."""
    ends = (
        "" if bounds is None else say("cohorts.to", low=number(bounds[0]), high=number(bounds[1]))
    )
    if value is None:
        return ends
    return f"{signed(value)} ({ends})" if ends else signed(value)
