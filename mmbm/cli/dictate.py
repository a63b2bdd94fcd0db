"""A spoken note as text: dictate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmbm.cli.shared import one_line_errors, say
from mmbm.errors import UnreadableFile
from mmbm.text import sentence


def dictate(
    audio: Annotated[Path, typer.Argument(help="A recording: wav, flac, mp3, m4a, webm, …")],
    model: Annotated[
        Path | None,
        typer.Option(envvar="MMBM_DICTATION", help="Folder of a Whisper for faster-whisper."),
    ] = None,
    language: Annotated[Literal["en", "zh"], typer.Option(help="That is spoken: en or zh.")] = "en",
) -> None:
    """Write down a spoken note, to be corrected before it counts as the note."""
    with one_line_errors():
        from mmbm.dictation import load_dictation
        from mmbm.io import read_sound

        try:
            content = audio.read_bytes()
        except OSError as exc:
            raise UnreadableFile(sentence("cli.dictate.not_opened", file=audio.name)) from exc
        dictation = load_dictation(model)
        sound = read_sound(content, audio.name)
        note = dictation.note(sound, language)
    typer.echo(note)
    typer.echo(say(sentence("cli.dictate.correct")), err=True)
