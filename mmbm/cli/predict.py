"""Score one case: predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, one_line_errors
from mmbm.errors import ConfigError

if TYPE_CHECKING:
    from mmbm.report import CaseReport, PrevalenceEntry

STATUS = {
    "across_sources": "Validated across sources.",
    "within_sources": "Shown in sources it was trained on only.",
    "one_source": "Shown in one source only.",
    "exploratory": "Exploratory.",
    "not_assessed": "How well it is told was not assessed.",
}


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
        from mmbm.analysis import analyse
        from mmbm.io.case import read_case
        from mmbm.predict import load
        from mmbm.report import case_report

        wanted = dict(_share(said) for said in prevalence or ())
        case = read_case(image, notes, audio, frame=frame)
        report = case_report(analyse(case, load(model, device), level=level, prevalence=wanted))
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _show(report)


def _share(said: str) -> tuple[str, float]:
    """``pneumonia=0.05`` as a finding and its prevalence."""
    finding, _, share = said.partition("=")
    try:
        return finding.strip(), float(share)
    except ValueError:
        raise ConfigError(
            f"--prevalence {said[:40]} is no finding with a share: write pneumonia=0.05."
        ) from None


def _show(report: CaseReport) -> None:
    """Print a report as a table."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{report.model.name} {report.model.version} on {report.device}")
    modalities = list(report.inputs)
    for column in ("finding", "probability", "base", *modalities, "= logit"):
        table.add_column(column, justify="left" if column == "finding" else "right")
    for f in report.findings:
        parts = [f"{f.contributions[m]:+.3f}" for m in modalities if m in f.contributions]
        table.add_row(f.title, f"{f.probability:.1%}", f"{f.base:+.3f}", *parts, f"{f.logit:+.3f}")
    console.print(table)
    weights = ", ".join(f"{m} {w:.3f}" for m, w in report.fusion_weights.items()) or "none"
    console.print(f"Log-odds; residual {report.residual:.1e}. Fusion weights: {weights}.")
    for modality, told in report.events.items():
        heard = ", ".join(f"{e.name} {e.probability:.0%}" for e in told)
        console.print(f"{modality.capitalize()}: {heard}.")
    lungs = report.inputs.get("image", {}).get("lungs", {"found": False})
    if lungs["found"]:
        inside = ", ".join(
            f"{name} {share:.0%}"
            for name, share in lungs["evidence_inside"].items()
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
