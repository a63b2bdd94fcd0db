"""The command line: predict, data prepare, data check, train, average, graft, calibrate,
evaluate, sanity, sign, serve, sample.

Heavy imports stand inside the commands, so that ``mmbm --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from mmbm.case import Modality
from mmbm.errors import ConfigError, ManifestError, MMBMError, UnreadableFile

if TYPE_CHECKING:
    from mmbm.report import CaseReport, PrevalenceEntry

app = typer.Typer(
    name="mmbm",
    help="Assisted diagnosis that shows its reasons. Research use, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ModelOption = Annotated[str, typer.Option(help="A shipped model's name, or a model folder.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")]
Part = TypeVar("Part")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn a refusal into one line on stderr and exit code 2."""
    try:
        yield
    except MMBMError as exc:
        sys.stderr.write(f"error: {' '.join(str(exc).split())}\n")
        raise typer.Exit(2) from None


def _part(part: str, path: Path | None, read: Callable[[bytes, str], Part]) -> Part | None:
    """Read one part of a case from a file."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise UnreadableFile(f"The {part} file could not be opened; check its path.") from exc
    return read(content, path.name)


def _share(said: str) -> tuple[str, float]:
    """``pneumonia=0.05`` as a finding and its prevalence."""
    finding, _, share = said.partition("=")
    try:
        return finding.strip(), float(share)
    except ValueError:
        raise ConfigError(
            f"--prevalence {said[:40]} is no finding with a share: write pneumonia=0.05."
        ) from None


@app.command()
def predict(
    image: Annotated[Path | None, typer.Option(help="DICOM, PNG or JPEG.")] = None,
    notes: Annotated[
        Path | None, typer.Option(help="txt, md, pdf, docx, html, eml, FHIR or CDA.")
    ] = None,
    audio: Annotated[Path | None, typer.Option(help="wav, flac, mp3, m4a, webm, …")] = None,
    model: ModelOption = "default",
    device: DeviceOption = "auto",
    frame: Annotated[int, typer.Option(help="Which frame of the image, from 0.")] = 0,
    level: Annotated[
        float, typer.Option(help="How sure an answer shall be: 0.8, 0.9 or 0.95.")
    ] = 0.9,
    prevalence: Annotated[
        list[str] | None,
        typer.Option(help="Of a finding among your patients, as pneumonia=0.05; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Score one case and show what moved each finding."""
    with one_line_errors():
        from mmbm.card import read_facts, standing
        from mmbm.case import Case
        from mmbm.explain.ledger import ledger
        from mmbm.explain.maps import finer_maps
        from mmbm.io import read_notes, read_picture, read_sound
        from mmbm.predict import Predictor
        from mmbm.report import case_report
        from mmbm.trust.judge import judge
        from mmbm.trust.lungs import in_case
        from mmbm.trust.prevalence import Prevalences, calibrated_at

        wanted = dict(_share(said) for said in prevalence or ())
        case = Case(
            image=_part(
                "image", image, lambda content, name: read_picture(content, name, frame=frame)
            ),
            notes=_part("notes", notes, read_notes),
            audio=_part("audio", audio, read_sound),
        )
        predictor = Predictor.load(model, device)
        common = Prevalences(calibrated_at(read_facts(predictor.folder)), wanted)
        prediction = predictor.predict(case)
        lungs = in_case(prediction)
        judgement = judge(case, prediction, lungs, level, common)
        ledgers, levels = ledger(prediction), standing(predictor.folder)
        maps = finer_maps(predictor, prediction)
        report = case_report(case, prediction, ledgers, maps, lungs, judgement, levels, common)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _show(report)


STATUS = {
    "across_sources": "Validated across sources.",
    "within_sources": "Shown in sources it was trained on only.",
    "one_source": "Shown in one source only.",
    "exploratory": "Exploratory.",
    "not_assessed": "How well it is told was not assessed.",
}


def _show(report: CaseReport) -> None:
    """Print a report as a table."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{report.model.name} {report.model.version} on {report.device}")
    for column in ("finding", "probability", "base", "image", "notes", "audio", "= logit"):
        table.add_column(column, justify="left" if column == "finding" else "right")
    for f in report.findings:
        parts = [f"{f.contributions[m]:+.3f}" for m in ("image", "notes", "audio")]
        table.add_row(f.title, f"{f.probability:.1%}", f"{f.base:+.3f}", *parts, f"{f.logit:+.3f}")
    console.print(table)
    weights = ", ".join(f"{m} {w:.3f}" for m, w in report.fusion_weights.items()) or "none"
    console.print(f"Log-odds; residual {report.residual:.1e}. Fusion weights: {weights}.")
    if report.sound_events:
        heard = ", ".join(f"{e.name} {e.probability:.0%}" for e in report.sound_events)
        console.print(f"Sound: {heard}.")
    if report.lungs and report.lungs.found:
        inside = ", ".join(
            f"{name} {share:.0%}"
            for name, share in report.lungs.evidence_inside.items()
            if share is not None
        )
        console.print(f"Of the image's evidence for each finding, in the lung fields: {inside}.")
    for f in report.findings:
        console.print(f"{f.title}: {report.trust.answers[f.name].sentence} {STATUS[f.status]}")
        if f.prevalence is not None:
            console.print(f"  {_at_prevalence(f.probability, f.prevalence)}")
    console.print(f"Not assessed, among other things: {', '.join(report.not_assessed)}.")
    for warning in report.warnings:
        console.print(f"[yellow]Note:[/yellow] {warning}")
    console.print(report.notice)


def _at_prevalence(probability: float, of: PrevalenceEntry) -> str:
    """At which prevalence a probability holds, and what it is at the reader's."""
    said = f"{probability:.1%} holds where {of.calibrated:.1%} of cases have it"
    if of.wanted is None:
        return f"{said}; set yours with --prevalence."
    return f"{said}; where {of.wanted:.1%} have it, it is {of.probability:.1%}."


data_app = typer.Typer(no_args_is_help=True, help="Make and check manifests.")
app.add_typer(data_app, name="data")


@data_app.command("prepare")
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
        from mmbm.data.assemble import ASSEMBLED, prepare, prepare_source
        from mmbm.data.recipes.layout import SourceWarning

        warnings.simplefilter("always", SourceWarning)
        if source != ASSEMBLED:
            if drawn or train or not films:
                raise ManifestError(f"--drawn, --train and --no-films are for '{ASSEMBLED}' alone.")
            rows = prepare_source(source, folder, out, seed=seed, limit=limit, mined=mined)
        elif not films and not drawn:
            raise ManifestError("Without films, --drawn must say how many cases to draw.")
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
    for said in notes:
        typer.echo(f"note: {said.message}", err=True)
    typer.echo(f"{len(rows)} cases in {out}")


@data_app.command("check")
def check(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Look for what would spoil training or testing; exit code 1 where there are errors."""
    with one_line_errors():
        from mmbm.data.quality.check import check

        with _progress() as (reading, _):
            report = check(manifest, reading)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        from rich.console import Console

        from mmbm.data.quality.show import rich_tables

        console = Console()
        for table in rich_tables(report):
            console.print(table)
        console.print(report.verdict)
    if report.errors:
        raise typer.Exit(1)


@app.command()
def train(
    manifest: Annotated[Path, typer.Argument(help="CSV, one row a case.")],
    out: Annotated[Path, typer.Option(help="Folder for the run and its model.")],
    config: Annotated[Path | None, typer.Option(help="TOML or JSON settings.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --out.")] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A source to keep for testing alone; may be repeated.")
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Train a model on your own cases; calibrates and evaluates it at the end."""
    with one_line_errors():
        from mmbm.config import TrainConfig
        from mmbm.run import run_training

        settings = TrainConfig.read(config) if config else TrainConfig()
        if leave_out:
            settings = settings.model_copy(update={"leave_out": tuple(leave_out)})
        with _progress(shown=os.environ.get("RANK", "0") == "0") as (reading, step):
            folder = run_training(
                manifest, out, settings, resume=resume, device=device, reading=reading, step=step
            )
    if os.environ.get("RANK", "0") == "0":  # of the processes that torchrun started, the first
        typer.echo(f"Model, card and evaluation are in {folder}")


@app.command("train-lungs")
def train_lungs(
    table: Annotated[Path, typer.Argument(help="CSV: patient_id, image_path, lung_mask.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    steps: Annotated[int, typer.Option(min=10)] = 700,
    seed: int = 0,
) -> None:
    """Train the lung finder on films with drawn lung fields; a fifth of the patients tests it."""
    with one_line_errors(), _progress() as (reading, _):
        from mmbm.train.lungs import train_lungs as run

        figures = run(
            table, out, steps=steps, seed=seed, progress=lambda n, of, _: reading("training", n, of)
        )
    typer.echo("\n".join(f"{name}: {value}" for name, value in figures.items()))


@app.command()
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
        from mmbm.run import run_calibration

        with _progress() as (reading, _):
            folder = run_calibration(
                manifest,
                model,
                out,
                device=device,
                reading=reading,
                head=head,
                held=hold,
            )
    typer.echo(f"The calibrated model is in {folder}")


@app.command()
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
        from mmbm.run import run_average

        with _progress() as (reading, _):
            folder = run_average(
                *(manifest, model, out),
                images=image or (),
                sounds=audio or (),
                reading=reading,
                version=version,
            )
    typer.echo(f"The model, not yet calibrated anew, is in {folder}")


@app.command()
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
        from mmbm.run import run_graft

        given: dict[Modality, Path | None] = {"image": image, "notes": notes, "audio": audio}
        branches = {modality: folder for modality, folder in given.items() if folder is not None}
        folder = run_graft(model, branches, out, name=name, version=version)
    typer.echo(f"The model, not yet calibrated anew, is in {folder}")


@app.command()
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
        from mmbm.evaluate.record import store_record, write_record
        from mmbm.model.checkpoint import find
        from mmbm.run import run_evaluation

        with _progress() as (reading, _):
            record = run_evaluation(
                manifest,
                model,
                device=device,
                reading=reading,
                odd=odd,
                without=without or (),
            )
        if json_file is not None:
            try:
                write_record(record, json_file)
            except OSError as exc:
                raise ManifestError(f"'{json_file.name}' could not be written.") from exc
        if write:
            store_record(record, find(model))
            write_golden(find(model))
            write_card(find(model))
    typer.echo(figures_table(record))


@app.command()
def sanity(
    model: ModelOption = "default",
    every: Annotated[
        bool, typer.Option("--every", help="Every method, not only the default ones (slower).")
    ] = False,
    device: DeviceOption = "auto",
) -> None:
    """Check that a model's maps change when its weights are shuffled; stored in its folder."""
    with one_line_errors():
        from mmbm.run import run_sanity

        with _progress() as (reading, _):
            found = run_sanity(model, device=device, reading=reading, every=every)
    for check in found:
        typer.echo(
            f"{check.method}, {check.over}: rank correlation {check.similarity:.2f} "
            f"over {check.cases} cases"
        )


@app.command()
def sign(folder: Annotated[Path, typer.Argument(help="A model folder.")]) -> None:
    """Write a model folder's checksums anew, after you changed one of its files yourself."""
    with one_line_errors():
        from mmbm.model.checkpoint import find, read
        from mmbm.model.folder import sign as written

        listed = written(find(folder))
        read(folder)
    typer.echo(f"{len(listed)} files of {folder} are listed in its checksums.json")


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="8501, or the next free one, if not given.")
    ] = None,
    address: Annotated[
        str, typer.Option(help="Another than this machine's own needs a login.")
    ] = "127.0.0.1",
    model: Annotated[str | None, typer.Option(help="A shipped model's name, or a folder.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cuda, mps or cpu.")] = None,
) -> None:
    """Open the dashboard to the browsers of this machine."""
    chosen = {"MMBM_MODEL": model, "MMBM_DEVICE": device}
    os.environ.update({name: value for name, value in chosen.items() if value is not None})
    # A process of its own: the server reads its settings as its first act, and takes the signals.
    command = [sys.executable, "-P", "-m", "dashboard", "--address", address]
    os.execv(sys.executable, command + ([] if port is None else ["--port", str(port)]))


@app.command()
def sample(folder: Annotated[Path, typer.Argument(help="Where to write the cases.")]) -> None:
    """Write three synthetic sample cases: DICOM, notes and sound."""
    with one_line_errors():
        from mmbm.data.generate import write_samples

        for path in write_samples(folder):
            typer.echo(str(path))


@contextmanager
def _progress(
    shown: bool = True,
) -> Iterator[tuple[Callable[[str, int, int], None], Callable[..., None]]]:
    """Two progress bars on stderr: what is being read, and the epochs of a run."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from mmbm.train import Step

    bars = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )
    tasks: dict[str, object] = {}

    def show(name: str, done: int, of: int, text: str) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(text, total=of)
        bars.update(tasks[name], completed=done, total=of, description=text)  # type: ignore[arg-type]

    def reading(what: str, done: int, of: int) -> None:
        show(what, done, of, what)

    def step(at: Step) -> None:
        done = (at.epoch - 1) * at.batches + at.batch
        text = f"epoch {at.epoch}/{at.epochs} loss {at.loss:.3f}"
        show("train", done, at.epochs * at.batches, text)

    with bars:
        yield reading, step


if __name__ == "__main__":
    app()
