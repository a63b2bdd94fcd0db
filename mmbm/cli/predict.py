"""Score one case: predict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, chosen_language, one_line_errors, say
from mmbm.errors import ConfigError
from mmbm.findings import not_assessed
from mmbm.text import Sentence, name_of, sentence

if TYPE_CHECKING:
    from rich.table import Table

    from mmbm.analysis import Analysis
    from mmbm.report import CaseReport, PrevalenceEntry


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
    pdf: Annotated[Path | None, typer.Option(help="Write a page for a clinician here.")] = None,
    dicom: Annotated[
        Path | None, typer.Option(help="Write a ZIP of DICOM objects here: report, map, marks.")
    ] = None,
    fhir: Annotated[Path | None, typer.Option(help="Write a FHIR R4 Bundle here.")] = None,
    identified: Annotated[
        bool, typer.Option(help="Name the patient in these files; they are de-identified else.")
    ] = False,
) -> None:
    """Score one case and show what moved each finding."""
    with one_line_errors():
        from mmbm.analysis import analyse
        from mmbm.io import read_case
        from mmbm.predict import load
        from mmbm.report import case_report

        wanted = _shares(prevalence or ())
        case = read_case(image, notes, audio, frame=frame)
        analysis = analyse(case, load(model, device), level=level, prevalence=wanted)
        report = case_report(analysis)
        _write(analysis, identified, pdf=pdf, dicom=dicom, fhir=fhir)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _show(report)


def _write(
    analysis: Analysis, identified: bool, *, pdf: Path | None, dicom: Path | None, fhir: Path | None
) -> None:
    """The exports that were asked for, in the language of the command line."""
    from mmbm.report import to_dicom, to_fhir, to_pdf

    made: list[tuple[Path, bytes]] = []
    if pdf is not None:
        made.append((pdf, to_pdf(analysis, language=chosen_language(), identified=identified)))
    if dicom is not None:
        made.append((dicom, to_dicom(analysis, identified=identified).zipped()))
    if fhir is not None:
        made.append((fhir, to_fhir(analysis, identified=identified).encode()))
    for path, content in made:
        try:
            path.write_bytes(content)
        except OSError:
            raise ConfigError(sentence("cli.predict.not_written", file=path.name)) from None


def _shares(said: Iterable[str]) -> dict[str, float]:
    """Each finding's prevalence, given once. Raises ConfigError."""
    wanted: dict[str, float] = {}
    for one in said:
        finding, share = _share(one)
        if finding in wanted:
            raise ConfigError(sentence("cli.predict.share_twice", finding=finding[:40]))
        wanted[finding] = share
    return wanted


def _share(said: str) -> tuple[str, float]:
    """``pneumonia=0.05`` as a finding and its prevalence."""
    finding, _, share = said.partition("=")
    try:
        return finding.strip(), float(share)
    except ValueError:
        raise ConfigError(sentence("cli.predict.share_wanted", said=said[:40])) from None


def _show(report: CaseReport) -> None:
    """Print a report as a table, and what is to be said of it."""
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    console.print(_table(report))
    for said in _said(report):
        console.print(escape(say(said)))
    for warning in report.warnings:
        said = Sentence.decoded({"code": warning.code, "values": warning.values})
        line = say(sentence("cli.predict.warning", said=said))
        console.print(escape(line), style="yellow")
    console.print(escape(say(sentence("report.notice"))))


def _table(report: CaseReport) -> Table:
    """The account of each finding."""
    from rich.table import Table

    model = report.model
    title = sentence(
        "cli.predict.title", model=model.name, version=model.version, device=report.device
    )
    table = Table(title=say(title))
    heads = [sentence("cli.predict.finding"), sentence("cli.predict.probability")]
    modalities = list(report.inputs)
    heads += [sentence("cli.predict.base"), *(name_of("modality", m) for m in modalities)]
    for head in (*heads, sentence("cli.predict.logit")):
        table.add_column(say(head), justify="left" if head is heads[0] else "right")
    for f in report.findings:
        parts = [f"{f.contributions[m]:+.3f}" for m in modalities if m in f.contributions]
        name = say(name_of("finding", f.name))
        table.add_row(name, f"{f.probability:.1%}", f"{f.base:+.3f}", *parts, f"{f.logit:+.3f}")
    return table


def _said(report: CaseReport) -> Iterator[Sentence]:
    """Everything below the table but the warnings."""
    weights = tuple(
        sentence("cli.predict.weight", part=name_of("modality", m), weight=w)
        for m, w in report.fusion_weights.items()
    )
    none = sentence("cli.predict.no_weights")
    yield sentence("cli.predict.sum", residual=report.residual, weights=weights or none)
    for modality, told in report.events.items():
        heard = tuple(_share_of("event", e.name, e.probability) for e in told)
        yield sentence("cli.predict.events", part=name_of("modality", modality), events=heard)
    lungs = report.inputs.get("image", {}).get("lungs", {"found": False})
    if lungs["found"]:
        inside = lungs["evidence_inside"].items()
        shares = tuple(_share_of("finding", n, share) for n, share in inside if share is not None)
        if shares:
            yield sentence("cli.predict.inside", findings=shares)
    for f in report.findings:
        answer = report.trust.answers[f.name]
        yield sentence(
            "cli.predict.answer",
            finding=name_of("finding", f.name),
            answer=Sentence.decoded({"code": answer.code, "values": answer.values}),
            status=sentence(f"status.{f.status}"),
        )
        if f.prevalence is not None:
            yield _at_prevalence(f.probability, f.prevalence)
    names = tuple(not_assessed([f.name for f in report.findings]).values())
    if names:
        yield sentence("cli.predict.not_assessed", names=names)


def _share_of(kind: str, name: str, share: float) -> Sentence:
    return sentence("cli.predict.share", name=name_of(kind, name), share=share)


def _at_prevalence(probability: float, of: PrevalenceEntry) -> Sentence:
    """At which prevalence a probability holds, and what it is at the reader's."""
    if of.wanted is None:
        return sentence("cli.predict.prevalence", probability=probability, calibrated=of.calibrated)
    return sentence(
        "cli.predict.prevalence_wanted",
        probability=probability,
        calibrated=of.calibrated,
        wanted=of.wanted,
        there=of.probability,
    )
