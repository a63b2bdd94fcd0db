"""Several models on the same cases: compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmbm.cli.shared import chosen_language, echo, one_line_errors, say
from mmbm.errors import ConfigError
from mmbm.text import Sentence, name_of, sentence

if TYPE_CHECKING:
    from mmbm.compare.figures import CompareReport
    from mmbm.compare.records import RecordsReport

Row = tuple[str, ...]
WHOLE = ("auroc", "sensitivity", "specificity", "difference", "reference", "figure")  # not broken
LONGEST = 20  # columns of a terminal that a word takes before it is broken


def compare(
    files: Annotated[
        list[Path],
        typer.Argument(help="Score files (Parquet, CSV) or records (JSON); each less the first."),
    ],
    labels: Annotated[
        Path | None, typer.Option(help="A manifest, where the score files hold no labels.")
    ] = None,
    finding: Annotated[str | None, typer.Option(help="One finding; else all in common.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Cases of this split, or all; else test where there is one.")
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(help="Positive from here on: one for all, one for each in turn, or val."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the report as JSON, CSV.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare models on the same cases: paired differences, DeLong's test, decision curves."""
    with one_line_errors():
        from mmbm.compare.figures import CompareReport
        from mmbm.compare.files import write_report

        report = _report(files, labels, finding, split, threshold or ["0.5"])
        if out is not None:
            write_report(report, out, chosen_language())
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    elif isinstance(report, CompareReport):
        _of_scores(report)
    else:
        _of_records(report)


def _report(
    files: list[Path],
    labels: Path | None,
    finding: str | None,
    split: str | None,
    threshold: list[str],
) -> CompareReport | RecordsReport:
    from mmbm.compare.given import contents_of, parse_given
    from mmbm.compare.records import compare_records
    from mmbm.compare.scores import parse_labels
    from mmbm.compare.study import compare_scores

    given = parse_given(contents_of(files))
    if given.records:
        return compare_records(given.records)
    known = None if labels is None else parse_labels(*contents_of([labels])[0])
    return compare_scores(
        given.scores, known, finding=finding, split=split, thresholds=_points(threshold)
    )


def _points(said: Sequence[str]) -> Sequence[float] | Literal["val"]:
    """Operating points. Raises ConfigError."""
    if list(said) == ["val"]:
        return "val"
    try:
        return [float(one) for one in said]
    except ValueError:
        raise ConfigError(sentence("compare.thresholds")) from None


def _of_scores(report: CompareReport) -> None:
    """The report as tables, with what to know of them."""
    from mmbm.cohort.said import p_value

    for said in _about(report):
        echo(said)
    heads = ("finding", "model", "auroc", "sensitivity", "specificity")
    _table(
        heads,
        [
            (
                say(name_of("finding", one.finding))
                + f"\n{one.cases}, {one.patients}, {one.positives}"
                + (" †" if one.few else ""),
                model.model,
                interval(model.auroc, model.auroc_ci),
                interval(model.sensitivity, model.sensitivity_ci),
                interval(model.specificity, model.specificity_ci),
            )
            for one in report.findings
            for model in one.models
        ],
    )
    rows = [
        (
            say(name_of("finding", one.finding)),
            d.model,
            say(sentence(f"cli.compare.head.{d.figure}")),
            f"{_signed(d.difference)}\n({_signed(d.ci[0])}, {_signed(d.ci[1])})",
            p_value(d.p),
            p_value(d.p_holm),
            "" if d.delong_p is None else p_value(d.delong_p),
        )
        for one in report.findings
        for d in one.differences
    ]
    _table(("named", "model", "figure", "difference", "p", "holm", "delong"), rows)
    echo(sentence("cohort.holm", tests=len(rows)))
    if any(one.few for one in report.findings):
        echo(sentence("cli.compare.few"))
    echo(sentence("report.notice"))


def _about(report: CompareReport) -> Iterator[Sentence]:
    """What was compared, how, and what was left out."""
    from mmbm.compare.said import about

    named = tuple(file.model for file in report.files)
    yield sentence("cli.compare.of", models=named, cases=report.cases)
    yield from about(report)
    yield sentence("compare.method", reference=named[0], draws=report.draws)


def _of_records(report: RecordsReport) -> None:
    _table(
        ("named", "source", "model", "auroc", "reference", "less", "cases"),
        [
            (
                say(name_of("finding", row.finding)),
                row.source,
                row.model,
                interval(row.auroc, row.auroc_ci),
                interval(row.reference_auroc, row.reference_auroc_ci),
                _signed(row.difference) + (" *" if row.clearly_higher else ""),
                say(sentence(f"cli.compare.cases.{row.test_cases}")),
            )
            for row in report.rows
        ],
    )
    echo(sentence("compare.records", reference=report.models[0]))
    echo(sentence("report.notice"))


def _table(heads: Sequence[str], rows: Sequence[Row]) -> None:
    """A table on the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for k, head in enumerate(heads):
        named = say(sentence(f"cli.compare.head.{head}"))
        words = " ".join([named, *(row[k] for row in rows)]).split()
        longest = min(max(map(cell_len, words)), LONGEST)
        table.add_column(named, no_wrap=head in WHOLE, overflow="fold", min_width=longest)
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def _signed(value: float) -> str:
    """A number with its sign, without "-0.000"."""
    from mmbm.cohort.said import rounded

    return f"{rounded(value, 3):+.3f}"


def interval(value: float, bounds: tuple[float, float] | None) -> str:
    """A value, and its interval on a line of its own."""
    return f"{value:.3f}" + (f"\n({bounds[0]:.3f}, {bounds[1]:.3f})" if bounds else "")
