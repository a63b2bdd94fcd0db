"""What this machine takes to score cases: benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, progress, say
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.cost.figures import CostReport


def benchmark(
    model: ModelOption = "default",
    device: DeviceOption = "auto",
    cases: Annotated[int, typer.Option(min=3, help="Sample cases, scored in either way.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure what this machine takes: cases a second, each step, memory, energy."""
    with one_line_errors():
        from mmbm.cost.kept import keep
        from mmbm.cost.measure import measure

        with progress() as (reading, _):
            report = measure(model, device, cases, progress=reading)
        where = keep(report)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    _table(report)
    echo(sentence("cost.how", cases=report.cases))
    if where is not None:
        echo(sentence("cost.kept", file=str(where)))
    echo(sentence("report.notice"))


def _table(report: CostReport) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from mmbm.cost.words import told

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.title = report.model
    for name, value in told(report):
        table.add_row(say(name), say(value))
    Console().print(table)
