"""A model's score as an exploratory endpoint: cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import chosen_language, echo, one_line_errors
from mmbm.cli.store import StoreOption, opened
from mmbm.text import Sentence, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmbm.cohort.figures import CohortReport


def cohort(
    table: Annotated[
        Path, typer.Argument(help="Scores by patient, arm and visit: CSV or Parquet.")
    ],
    endpoint: Annotated[
        str | None, typer.Option(help="A column of numbers, or a finding, for its logit.")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="The arm to compare with; else the first.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The visit to begin from; else the first.")
    ] = None,
    wanted: Annotated[
        float | None, typer.Option(help="Say how many patients an arm see this difference.")
    ] = None,
    power: Annotated[float, typer.Option(help="Of that sample size.")] = 0.8,
    stored: Annotated[
        bool, typer.Option("--stored", help="Take the scores of the store's cases.")
    ] = False,
    store: StoreOption = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the tables and figures.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare arms by a model's score: an exploratory endpoint."""
    with one_line_errors():
        from mmbm.cohort.files import write_report
        from mmbm.cohort.study import study

        rows = None
        if stored:
            with opened(store) as kept:
                rows = kept.scored()
        report = study(
            table,
            endpoint,
            control=control,
            baseline=baseline,
            wanted=wanted,
            power=power,
            stored=rows,
        )
        if out is not None:
            write_report(report, out, chosen_language())
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    for line in told(report):
        echo(line)
    if wanted is not None and report.sample_size is None:
        echo(sentence("cohort.no_size"))
    echo(sentence("report.notice"))


def told(report: CohortReport) -> Iterator[Sentence]:
    """The report in sentences."""
    from mmbm.cohort.said import group_name, left_out, p_value, rounded, uncompared

    yield sentence("cohort.wording")
    yield sentence(
        "cli.cohort.of",
        endpoint=report.endpoint,
        patients=report.patients,
        rows=report.rows,
        arms=report.arms,
    )
    yield from left_out(report)
    for g in report.groups:
        yield sentence(
            "cli.cohort.group",
            arm=g.arm, visit=g.visit, patients=g.patients,
            mean=rounded(g.mean, 3), median=rounded(g.quartiles[1], 3),
        )  # fmt: skip
    for d in report.differences:
        (low, high), (least, most) = map(_both, (d.ci, d.bootstrap_ci))
        found: dict[str, str | float] = {
            "arm": d.arm, "control": d.control, "visit": d.visit,
            "difference": rounded(d.difference, 3), "low": low, "high": high, "least": least,
            "most": most, "effect": rounded(d.effect, 2), "p": p_value(d.p),
            "holm": p_value(d.p_holm),
        }  # fmt: skip
        if d.of == "change":
            found |= {"baseline": report.visits[0]}
            yield sentence("cli.cohort.change", **found)
        else:
            yield sentence("cli.cohort.value", **found)
        if d.adjusted is not None and d.adjusted_ci is not None:
            low, high = _both(d.adjusted_ci)
            adjusted = rounded(d.adjusted, 3)
            yield sentence("cli.cohort.adjusted", adjusted=adjusted, low=low, high=high)
    yield from uncompared(report)
    if len(report.differences) > 1:
        yield sentence("cohort.holm", tests=len(report.differences))
    if report.sample_size:
        s = report.sample_size
        yield sentence("cli.cohort.size", each=s.each_arm, wanted=s.wanted, power=s.power, sd=s.sd)
    for compared in report.survival:
        for c in compared.curves:
            never = sentence("cli.cohort.not_reached")
            median = never if c.median is None else sentence("cli.cohort.time", time=c.median)
            yield sentence(
                "cli.cohort.survival",
                group=group_name(c.group, compared.by, report),
                patients=c.patients, events=c.events, median=median,
            )  # fmt: skip
        if compared.p is not None and compared.chi2 is not None:
            yield sentence("cli.cohort.logrank", chi2=compared.chi2, p=p_value(compared.p))


def _both(ends: tuple[float, float]) -> tuple[float, float]:
    from mmbm.cohort.said import rounded

    return rounded(ends[0], 3), rounded(ends[1], 3)
