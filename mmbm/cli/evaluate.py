"""A model's figures: evaluate, sanity, sign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, progress, say
from mmbm.errors import ManifestError
from mmbm.text import sentence


def evaluate(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case; its test split is used.")],
    model: ModelOption = "default",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the record here.")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write record and card into the model's folder.")
    ] = False,
    without: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a model trained with --leave-out; may be repeated."),
    ] = None,
    odd: Annotated[Path | None, typer.Option(help="CSV of files it should find strange.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Score a model on the test split: per finding, per source, per subset of modalities."""
    with one_line_errors():
        from mmbm.card import figures_table, write_card
        from mmbm.evaluate.golden import write_golden
        from mmbm.evaluate.run import run_evaluation
        from mmbm.model.checkpoint import find
        from mmbm.record import store_record, write_record

        with progress() as (reading, _):
            record = run_evaluation(
                manifest, model, device=device, reading=reading, odd=odd, without=without or ()
            )
        if json_file is not None:
            try:
                write_record(record, json_file)
            except OSError as exc:
                raise ManifestError(sentence("evaluate.not_written", file=json_file.name)) from exc
        if write:
            store_record(record, find(model))
            write_golden(find(model))
            write_card(find(model))
    typer.echo(figures_table(record, say))


def sanity(
    model: ModelOption = "default",
    every: Annotated[
        bool, typer.Option("--every", help="Every method, not only the default ones (slower).")
    ] = False,
    device: DeviceOption = "auto",
) -> None:
    """Check that a model's maps change when its weights are shuffled; stored in its folder."""
    with one_line_errors():
        from mmbm.evaluate.sanity import run_sanity

        with progress() as (reading, _):
            found = run_sanity(model, device=device, reading=reading, every=every)
    for check in found:
        echo(
            sentence(
                "cli.sanity",
                method=check.method,
                space=check.over,
                similarity=check.similarity,
                cases=check.cases,
            )
        )


def sign(folder: Annotated[Path, typer.Argument(help="A model folder.")]) -> None:
    """Write a model folder's checksums anew, after you changed one of its files yourself."""
    with one_line_errors():
        from mmbm.model.checkpoint import find, read
        from mmbm.storage import sign as written

        listed = written(find(folder))
        read(folder)
    echo(sentence("cli.signed", files=len(listed), folder=str(folder)))
