"""Score many cases: score."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from time import perf_counter
from typing import Annotated, Literal

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, chosen_language, echo, one_line_errors, say
from mmbm.text import name_of, sentence


def score(
    manifest: Annotated[
        str, typer.Argument(help="CSV with case_id and parts; a path or a URL that fsspec reads.")
    ],
    out: Annotated[str, typer.Option(help="The .parquet or .csv to write; a path or a URL.")],
    model: ModelOption = "default",
    device: DeviceOption = "auto",
    level: Annotated[
        float, typer.Option(help="How sure an answer shall be: 0.8, 0.9 or 0.95.")
    ] = 0.9,
    maps: Annotated[
        Literal["none", "npz"], typer.Option(help="npz: every map as well, which takes longer.")
    ] = "none",
    workers: Annotated[
        int, typer.Option(min=0, help="Processes; 0: as many as there are cores.")
    ] = 0,
    shard_rows: Annotated[
        int, typer.Option(min=1, help="Rows written at a time: what a kill can cost.")
    ] = 1000,
    bf16: Annotated[
        bool,
        typer.Option("--bf16", help="On a GPU, bfloat16 where it is faster; to three digits."),
    ] = False,
    ray: Annotated[
        str | None, typer.Option(help="local, or the address of a Ray cluster (extra scale).")
    ] = None,
) -> None:
    """Score every row of a manifest, into a table; goes on where a stopped run ended."""
    with one_line_errors():
        from mmbm.scale import Options, Stopped, score

        options = Options(
            model=model,
            device=device,
            level=level,
            maps=maps,
            bf16=bf16,
            workers=workers,
            shard_rows=shard_rows,
            ray=ray,
            language=chosen_language(),
        )
        try:
            with _rows_bar() as progress:
                outcome = score(manifest, out, options, progress)
        except Stopped as stopped:
            typer.echo(say(stopped.sentence), err=True)
            sys.stderr.flush()
            os._exit(130)  # an exit would wait for rows that workers have begun
    echo(
        sentence(
            "cli.score.done",
            scored=outcome.scored,
            file=out,
            refused=outcome.refused,
            seconds=outcome.seconds,
            rate=outcome.rate,
        )
    )
    if not outcome.scored:
        listed = str(PurePath(out).with_suffix(".refused.csv").name)
        typer.echo(say(sentence("cli.score.none", file=listed)), err=True)
        raise typer.Exit(1)


@contextmanager
def _rows_bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr with rows a second and the time that is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Rows a second."""

        def render(self, task: Task) -> Text:
            done = task.completed - task.fields.get("found", 0)
            speed = done / max(perf_counter() - begun, 1e-9)
            return Text(say(sentence("cli.score.rate", rate=speed)))

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        speed_estimate_period=60,
    )
    begun = perf_counter()

    def show(done: int, of: int) -> None:
        if not bars.tasks:  # what is refused before the first row leaves no bar behind
            name = say(name_of("progress", "rows"))
            bars.add_task(name, completed=done, total=of, found=done)
            bars.start()
        bars.update(bars.task_ids[0], completed=done)

    try:
        yield show
    finally:
        if bars.tasks:
            bars.stop()
