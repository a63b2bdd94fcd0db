"""The dashboard, and cases to try it with: serve, sample."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import copyfile
from typing import Annotated

import typer

from mmbm.cli.shared import one_line_errors
from mmbm.storage import assets_folder


def serve(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="8501, or the next free one, if not given."),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Another than this machine's own needs a login.")
    ] = "127.0.0.1",
    model: Annotated[str | None, typer.Option(help="A shipped model's name, or a folder.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cuda, mps or cpu.")] = None,
    api: Annotated[
        bool, typer.Option("--api", help="Serve programs alone, without the pages.")
    ] = False,
) -> None:
    """Open the dashboard to the browsers of this machine, and the model to its programs."""
    if api:
        with one_line_errors():
            from mmbm.serve.alone import run

            model = model or os.environ.get("MMBM_MODEL", "default")
            device = device or os.environ.get("MMBM_DEVICE", "auto")
            run(model, device, address, 8501 if port is None else port)
        return
    chosen = {"MMBM_MODEL": model, "MMBM_DEVICE": device}
    os.environ.update({name: value for name, value in chosen.items() if value is not None})
    # A process of its own: the server reads its settings as its first act, and takes the signals.
    command = [sys.executable, "-P", "-m", "dashboard", "--address", address]
    os.execv(sys.executable, command + ([] if port is None else ["--port", str(port)]))


def sample(folder: Annotated[Path, typer.Argument(help="Where to write the cases.")]) -> None:
    """Write three synthetic sample cases: DICOM, notes and sound."""
    for shipped in sorted((assets_folder() / "samples").glob("*/*")):
        path = folder / shipped.parent.name / shipped.name
        path.parent.mkdir(parents=True, exist_ok=True)
        typer.echo(str(copyfile(shipped, path)))
