"""Score many cases: score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, say
from mmbm.text import name_of, sentence


def score(
    manifest: Annotated[
        str, typer.Argument(help="CSV with case_id and parts; a path or a URL that fsspec reads.")
    ],
    out: Annotated[str, typer.Option(help="The parquet file to write; a path or a URL.")],
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
        from mmbm.scale import Options, score

        options = Options(
            model=model,
            device=device,
            level=level,
            maps=maps,
            bf16=bf16,
            workers=workers,
            shard_rows=shard_rows,
            ray=ray,
        )
        with _rows_bar() as progress:
            outcome = score(manifest, out, options, progress)
    echo(
        sentence(
            "cli.score.done",
            scored=outcome.scored,
            file=out,
            refused=outcome.refused,
            rate=outcome.rate,
        )
    )


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
            speed = task.finished_speed or task.speed or 0.0
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
    with bars:
        task = bars.add_task(say(name_of("progress", "rows")), total=None)

        def show(done: int, of: int) -> None:
            bars.update(task, completed=done, total=of)

        yield show
