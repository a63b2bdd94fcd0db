"""A model of your own: new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmbm.cli.shared import DeviceOption, echo, one_line_errors, progress, say
from mmbm.errors import ConfigError
from mmbm.text import sentence

EPOCHS = 8  # where no machine was timed
SETTINGS = "settings.toml"


def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make; its name is the model's.")],
    manifest: Annotated[Path, typer.Option(help="CSV, one row a case.")],
    image: Annotated[
        str, typer.Option(help="Reads the X-rays: a folder with a net, or a timm name.")
    ] = "",
    notes: Annotated[str, typer.Option(help="Reads the notes: a folder with a net.")] = "",
    audio: Annotated[str, typer.Option(help="Reads the sounds: a folder with a net.")] = "",
    train: Annotated[
        bool, typer.Option("--train", help="Train a first model by them, on part of the cases.")
    ] = False,
    minutes: Annotated[
        float, typer.Option(min=0.2, help="About how long the first training may take.")
    ] = 5.0,
    device: DeviceOption = "auto",
) -> None:
    """Write a settings file for your manifest; with --train, a first model with record and card."""
    with one_line_errors():
        from mmbm.data.manifest import read_manifest
        from mmbm.new.first import budget, few_held, pace, part_of
        from mmbm.new.settings import planned, written

        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(sentence("new.there", folder=folder.name))
        nets = {"image": image, "notes": notes, "audio": audio}
        held = read_manifest(manifest)
        plan = planned(
            folder.resolve().name, manifest, held, {m: net for m, net in nets.items() if net}
        )
        settings = folder / SETTINGS
        text = written(plan, EPOCHS, say)
        folder.mkdir(parents=True, exist_ok=True)
        settings.write_text(text, encoding="utf-8")
        echo(
            sentence(
                "new.written",
                file=str(settings),
                findings=", ".join(plan.findings),
                parts=", ".join(plan.parts),
            )
        )
        if not train:
            _warn(few_held(held, tuple(plan.findings)))
            echo(
                sentence(
                    "new.then",
                    manifest=str(manifest),
                    settings=str(settings),
                    out=str(folder / "run"),
                )
            )
            return
        from mmbm.card import figures_table
        from mmbm.record import read_record
        from mmbm.train.config import TrainConfig
        from mmbm.train.run import run_training

        at = pace(held, TrainConfig.read(settings), device)
        fits = budget(dict(plan.counts), at, minutes)
        settings.write_text(written(plan, fits.epochs, say), encoding="utf-8")
        echo(
            sentence(
                "new.budget",
                epochs=fits.epochs,
                share=fits.share,
                minutes=minutes,
                step=1 / max(at.step, 1e-9),
            )
        )
        cases = manifest
        if fits.share < 1:
            cases = part_of(held, next(iter(plan.findings)), fits.share, folder / "first.csv")
        _warn(few_held(read_manifest(cases), tuple(plan.findings)))
        with progress() as (reading, step):
            made = run_training(
                cases,
                folder / "run",
                TrainConfig.read(settings),
                resume=False,
                device=device,
                reading=reading,
                step=step,
            )
        record = read_record(made)
    if record is not None:
        typer.echo(figures_table(record, say))
    if fits.share < 1:
        echo(
            sentence(
                "new.few",
                share=fits.share,
                manifest=str(manifest),
                settings=str(settings),
                out=str(folder / "whole"),
            )
        )
    echo(sentence("new.trained", card=str(made / "card.md"), folder=str(made)))


def _warn(said: list[str]) -> None:
    for each in said:
        typer.echo(say(sentence("cli.predict.warning", said=each)), err=True)
