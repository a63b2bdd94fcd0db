"""A note without names, dates, numbers and addresses, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmbm.privacy.names import names_in
from mmbm.privacy.patterns import ADDRESSES, DATES, NUMBERS
from mmbm.text import Language, sentence

__all__ = ["Kind", "Masked", "Span", "mask"]

Kind = Literal["address", "date", "name", "number"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the note as it was given, in characters."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """The note with a word for each thing that was taken out."""

    text: str
    spans: tuple[Span, ...]  # of the note as it was given, in order, without overlap


def mask(text: str, language: Language = "en") -> Masked:
    """Take out what can name a patient; the rules of both languages are used on every note.

    ``language`` is that of the words that are put in. Rules find most of it, never all: a note that
    leaves the house is still to be read by somebody.

    Raises
    ------
    ConfigError
        The extra "privacy" is not installed.

    >>> mask("Seen by Dr. Okonkwo on 12 March 2026.").text
    'Seen by Dr. [name] on [date].'
    """
    spans = tuple(_apart(sorted(_found(text), key=lambda span: (span.start, -span.end))))
    kept, at = [], 0
    for span in spans:
        kept += [text[at : span.start], sentence(f"privacy.mask.{span.kind}").into(language)]
        at = span.end
    return Masked("".join([*kept, text[at:]]), spans)


def _found(text: str) -> Iterator[Span]:
    kinds: tuple[tuple[Kind, tuple[re.Pattern[str], ...]], ...] = (
        ("address", ADDRESSES), ("date", DATES), ("number", NUMBERS),
    )  # fmt: skip
    for kind, patterns in kinds:
        for pattern in patterns:
            group = "told" if "told" in pattern.groupindex else 0
            yield from (Span(kind, *m.span(group)) for m in pattern.finditer(text))
    yield from (Span("name", start, end) for start, end in names_in(text))


def _apart(spans: list[Span]) -> Iterator[Span]:
    """Spans that overlap as one, of the kind of the first."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.start < last.end:
            last = Span(last.kind, last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
