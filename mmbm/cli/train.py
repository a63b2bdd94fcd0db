"""Training: train, train-lungs, calibrate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mmbm.case import Modality
from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, progress, say
from mmbm.text import sentence


def train(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case.")],
    out: Annotated[Path, typer.Option(help="Folder for the run and its model.")],
    config: Annotated[Path | None, typer.Option(help="TOML or JSON settings.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --out.")] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A source to keep for testing alone; may be repeated.")
    ] = None,
    compile_: Annotated[
        bool, typer.Option("--compile", help="Make the encoders faster with torch.compile.")
    ] = False,
    device: DeviceOption = "auto",
) -> None:
    """Train a model on your own cases; calibrates and evaluates it at the end."""
    with one_line_errors():
        from mmbm.train.config import TrainConfig
        from mmbm.train.run import run_training

        settings = TrainConfig.read(config) if config else TrainConfig()
        if leave_out:
            settings = settings.model_copy(update={"leave_out": tuple(leave_out)})
        if compile_:
            settings = settings.model_copy(update={"compile": True})
        with progress(shown=os.environ.get("RANK", "0") == "0") as (reading, step):
            folder = run_training(
                manifest, out, settings, resume=resume, device=device, reading=reading, step=step
            )
    if os.environ.get("RANK", "0") == "0":  # of the processes that torchrun started, the first
        echo(sentence("cli.trained", folder=str(folder)))


def train_lungs(
    table: Annotated[Path, typer.Argument(help="CSV: patient_id, image_path, lung_mask.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    steps: Annotated[int, typer.Option(help="Of training.", min=10)] = 700,
    seed: Annotated[int, typer.Option(help="Of the first weights and the batches.")] = 0,
) -> None:
    """Train a lung finder on films with drawn lung fields; a fifth of the patients tests it.

    'mmbm train' takes it where its settings name the folder: lung_finder under [model.image].
    """
    with one_line_errors(), progress() as (reading, _):
        from mmbm.train.lungs import train_lungs as run

        figures = run(
            table, out, steps=steps, seed=seed, progress=lambda n, of, _: reading("training", n, of)
        )
    typer.echo("\n".join(f"{name}: {value}" for name, value in figures.items()))


def calibrate(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case, with train and val rows.")],
    out: Annotated[Path, typer.Option(help="Folder for the calibrated model.")],
    model: ModelOption = "default",
    head: Annotated[
        bool, typer.Option("--head", help="Fit head, fusion and projections to the train rows.")
    ] = False,
    hold: Annotated[
        Modality | None,
        typer.Option(help="With --head: a branch to keep, and the head's directions with it."),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Fit a model's calibration and trust tables to your own cases; its encoders stay."""
    with one_line_errors():
        from mmbm.train.calibrate import run_calibration

        few: list[str] = []
        with progress() as (reading, _):
            folder = run_calibration(
                manifest,
                model,
                out,
                device=device,
                reading=reading,
                head=head,
                held=hold,
                warn=few.append,
            )
    for said in few:
        typer.echo(say(sentence("cli.predict.warning", said=said)), err=True)
    echo(sentence("cli.calibrated", folder=str(folder)))
