"""The command line: predict, score, data prepare, data check, new, train, train-lungs, calibrate,
average, graft, evaluate, sanity, sign, compare, export, cohort, dictate, benchmark, serve, sample,
store, archive.

Heavy imports stand inside the commands, so that ``mmbm --help`` answers at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from mmbm.cli import (
    archive,
    benchmark,
    cohort,
    combine,
    compare,
    data,
    dictate,
    evaluate,
    export,
    new,
    predict,
    score,
    serve,
    shared,
    store,
    train,
)

OUTSIDE = "MMBM_WITH"  # as mmbm.branches.registry has it, which takes long to import

app = typer.Typer(
    name="mmbm",
    help="Assisted diagnosis that shows its reasons. Research use, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def choices(
    outside: Annotated[
        list[Path] | None,
        typer.Option("--with", help="A Python file that registers a modality; may be repeated."),
    ] = None,
    language: Annotated[
        Literal["en", "zh"],
        typer.Option(envvar="MMBM_LANGUAGE", help="Of all that is printed: en or zh."),
    ] = "en",
) -> None:
    """What holds for every command."""
    shared.speak(language)
    if outside:
        os.environ[OUTSIDE] = os.pathsep.join(str(path.resolve()) for path in outside)


app.command()(predict.predict)
app.command()(score.score)

manifests = typer.Typer(no_args_is_help=True, help="Make and check manifests.")
manifests.command()(data.prepare)
manifests.command()(data.check)
app.add_typer(manifests, name="data")

app.command()(new.new)
app.command()(train.train)
app.command("train-lungs")(train.train_lungs)
app.command()(train.calibrate)
app.command()(combine.average)
app.command()(combine.graft)
app.command()(evaluate.evaluate)
app.command()(evaluate.sanity)
app.command()(evaluate.sign)
app.command()(compare.compare)
app.command()(export.export)
app.command()(cohort.cohort)
app.command()(benchmark.benchmark)
app.command()(dictate.dictate)
app.command()(serve.serve)
app.command()(serve.sample)

cases = typer.Typer(no_args_is_help=True, help="Keep cases, analyses and readings in a folder.")
cases.command()(store.add)
cases.command("list")(store.listed)
cases.command()(store.score)
cases.command()(store.rerun)
cases.command()(store.purge)
cases.command()(store.export)
cases.command()(store.audit)
cases.command()(store.verify)
app.add_typer(cases, name="store")

pacs = typer.Typer(no_args_is_help=True, help="Chest X-rays from an archive, results back into it.")
pacs.command()(archive.pull)
pacs.command()(archive.score)
pacs.command()(archive.send)
pacs.command()(archive.watch)
app.add_typer(pacs, name="archive")
