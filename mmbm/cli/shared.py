"""What several commands share: the language, options, one-line refusals, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.errors import MMBMError
from mmbm.text import Language, into, name_of, sentence

if TYPE_CHECKING:
    from mmbm.train import Step

_LANGUAGE: ContextVar[Language] = ContextVar("language", default="en")

ModelOption = Annotated[str, typer.Option(help="A shipped model's name, or a model folder.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")]


def speak(language: Language) -> None:
    """Print in this language from now on."""
    _LANGUAGE.set(language)


def chosen_language() -> Language:
    """The language that was chosen."""
    return _LANGUAGE.get()


def say(said: str) -> str:
    """A sentence in the language that was chosen; a name stays as it is."""
    return into(_LANGUAGE.get(), said)


def echo(said: str) -> None:
    """Print a sentence."""
    typer.echo(say(said))


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn a refusal into one line on stderr and exit code 2."""
    try:
        yield
    except MMBMError as exc:
        said = sentence("cli.error", reason=exc.sentence)
        sys.stderr.write(" ".join(say(said).split()) + "\n")
        raise typer.Exit(2) from None


@contextmanager
def progress(
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
        show(what, done, of, say(name_of("progress", what)))

    def step(at: Step) -> None:
        done = (at.epoch - 1) * at.batches + at.batch
        said = sentence("cli.epoch", epoch=at.epoch, epochs=at.epochs, loss=at.loss)
        show("train", done, at.epochs * at.batches, say(said))

    with bars:
        yield reading, step
