"""One model of several: average, graft."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import ModelOption, echo, one_line_errors, progress
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.case import Modality


def average(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case, with films to train on.")],
    out: Annotated[Path, typer.Option(help="Folder for the model.")],
    image: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a model to take the image branch of; repeat it."),
    ] = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a model to take the sound branch of; repeat it."),
    ] = None,
    model: ModelOption = "default",
    version: Annotated[str, typer.Option(help="Of the new model; else the old one's.")] = "",
) -> None:
    """Give a model the mean image or sound branch of others; calibrate it anew then."""
    with one_line_errors():
        from mmbm.train.combine import run_average

        with progress() as (reading, _):
            folder = run_average(
                manifest,
                model,
                out,
                branches={"image": image or (), "audio": audio or ()},
                reading=reading,
                version=version,
            )
    echo(sentence("cli.uncalibrated", folder=str(folder)))


def graft(
    out: Annotated[Path, typer.Option(help="Folder for the model.")],
    model: Annotated[str, typer.Option(help="The model whose head and other branches stay.")],
    image: Annotated[Path | None, typer.Option(help="Model to take the image branch of.")] = None,
    notes: Annotated[Path | None, typer.Option(help="Model to take the notes branch of.")] = None,
    audio: Annotated[Path | None, typer.Option(help="Model to take the sound branch of.")] = None,
    name: Annotated[str, typer.Option(help="Of the new model; else the old one's.")] = "",
    version: Annotated[str, typer.Option(help="Of the new model; else the old one's.")] = "",
) -> None:
    """Join branches of models that were trained apart; calibrate --head --hold it then."""
    with one_line_errors():
        from mmbm.train.combine import run_graft

        given: dict[Modality, Path | None] = {"image": image, "notes": notes, "audio": audio}
        branches = {modality: folder for modality, folder in given.items() if folder is not None}
        folder = run_graft(model, branches, out, name=name, version=version)
    echo(sentence("cli.uncalibrated", folder=str(folder)))
