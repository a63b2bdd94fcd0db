"""A model for other programs: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmbm.cli.shared import ModelOption, echo, one_line_errors
from mmbm.text import sentence


def export(
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    model: ModelOption = "default",
    kind: Annotated[
        Literal["onnx", "torch", "both"],
        typer.Option("--format", help="onnx, torch (a torch.export program) or both."),
    ] = "both",
) -> None:
    """Write a model as ONNX and torch.export files with its account, and compare them with it."""
    with one_line_errors():
        from mmbm.export import export_model

        written = export_model(model, out, ("onnx", "torch") if kind == "both" else (kind,))
    for file in written.files:
        typer.echo(str(file))
    for name, far in written.worst.items():
        echo(sentence("cli.export.compared", format=name, subsets=written.subsets, far=far))
    echo(sentence("report.notice"))
