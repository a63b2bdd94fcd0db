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


def told(report: CohortReport) -> Iterator[Sentence]:
    """The report in sentences."""
    yield sentence("cohort.wording")
    yield sentence(
        "cli.cohort.of",
        endpoint=report.endpoint,
        patients=report.patients,
        rows=report.rows,
        arms=report.arms,
    )
    if report.left_out.not_stored:
        yield sentence("cli.cohort.not_stored", rows=report.left_out.not_stored)
    for g in report.groups:
        yield sentence(
            "cli.cohort.group",
            arm=g.arm, visit=g.visit, patients=g.patients, mean=g.mean, median=g.quartiles[1],
        )  # fmt: skip
    for d in report.differences:
        yield sentence(
            "cli.cohort.change" if d.of == "change" else "cli.cohort.value",
            arm=d.arm, control=d.control, visit=d.visit, difference=d.difference,
            low=d.ci[0], high=d.ci[1], p=d.p, holm=d.p_holm, effect=d.effect,
        )  # fmt: skip
        if d.adjusted is not None and d.adjusted_ci is not None:
            low, high = d.adjusted_ci
            yield sentence("cli.cohort.adjusted", adjusted=d.adjusted, low=low, high=high)
    if report.differences:
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
                group=c.group, patients=c.patients, events=c.events, median=median,
            )  # fmt: skip
        if compared.p is not None and compared.chi2 is not None:
            yield sentence("cli.cohort.logrank", chi2=compared.chi2, p=compared.p)
    yield sentence("report.notice")
