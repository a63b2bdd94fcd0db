"""Manifests: data prepare, data check."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Literal

import typer

from mmbm.cli.shared import echo, one_line_errors, progress, say
from mmbm.errors import ManifestError
from mmbm.text import sentence


def prepare(
    source: Annotated[str, typer.Argument(help="A source's name, or 'assembled' for all.")],
    folder: Annotated[Path, typer.Argument(help="Its folder, or the one that holds them all.")],
    out: Annotated[Path, typer.Option(help="The manifest to write.")],
    drawn: Annotated[int, typer.Option(help="Assembled: add so many cases without a film.")] = 0,
    films: Annotated[bool, typer.Option(help="Assembled: take the sources' films.")] = True,
    limit: Annotated[int, typer.Option(help="Keep so many cases, evenly; 0: all.", min=0)] = 0,
    train: Annotated[
        int, typer.Option("--train", help="Assembled: keep so many train cases, evenly.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    mined: Annotated[
        Literal["out", "weak", "labels"],
        typer.Option(help="NIH: films that no radiologist read, where others were read."),
    ] = "out",
) -> None:
    """Make a manifest of a public source as it was published, or assemble cases from all."""
    with one_line_errors(), warnings.catch_warnings(record=True) as notes:
        from mmbm.data.sources.layout import SourceWarning
        from mmbm.data.sources.prepare import ASSEMBLED, prepare, prepare_source

        warnings.simplefilter("always", SourceWarning)
        if source != ASSEMBLED:
            if drawn or train or not films:
                raise ManifestError(sentence("cli.data.assembled_only", source=ASSEMBLED))
            rows = prepare_source(source, folder, out, seed=seed, limit=limit, mined=mined)
        elif not films and not drawn:
            raise ManifestError(sentence("cli.data.no_films"))
        else:
            rows = prepare(
                folder,
                out,
                seed=seed,
                drawn=drawn,
                with_films=films,
                limit=limit,
                train=train,
                mined=mined,
            )
    for warned in notes:
        note = sentence("cli.note", said=warned.message.args[0])  # type: ignore[union-attr]
        typer.echo(say(note), err=True)
    echo(sentence("cli.data.written", cases=len(rows), file=str(out)))


def check(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Look for what would spoil training or testing; exit code 1 where there are errors."""
    with one_line_errors():
        from mmbm.data.check.check import check

        with progress() as (reading, _):
            report = check(manifest, reading)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        from rich.console import Console

        from mmbm.data.check.show import rich_tables

        console = Console()
        for table in rich_tables(report, say):
            console.print(table)
        console.print(say(report.verdict))
    if report.errors:
        raise typer.Exit(1)
