"""Every word on the screen, in the reader's language.

The page's own words stand here; what the library says of a case is put into the language by
:mod:`mmbm.text`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from mmbm.errors import MMBMError
from mmbm.text import LANGUAGES, Language, Sentence, into, name_of, sentence

__all__ = ["LANGUAGES", "LANGUAGE_KEY", "TAGS", "Language", "Texts", "language_of", "texts"]

LANGUAGE_KEY = "language"  # in the page's address, and of the control
TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}  # as HTML names them


@dataclass(frozen=True, slots=True)
class Texts:
    """The strings of one language; ``say("intake.image.title")`` looks one up."""

    language: Language
    strings: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        text = self.strings[key]
        return text.format(**values) if values else text

    def either(self, key: str, other: str, **values: object) -> str:
        """The string of ``key``, or of ``other`` where there is none."""
        return self(key if key in self.strings else other, **values)

    def name(self, kind: str, name: str) -> str:
        """The name of a finding, sound event, modality or sample; plain where none is written."""
        own = self.strings.get(f"{kind}.{name}")
        return name_of(kind, name).into(self.language) if own is None else own

    def day(self, day: date) -> str:
        """A date as it is written: "3 March 2026"."""
        month = self(f"month.{day.month}")
        return self("date.day", day=day.day, month=month, year=day.year)

    def listed(self, names: Iterable[str]) -> str:
        """Names one after another: "a, b, c"."""
        return self.of(sentence("list.comma")).join(names)

    def several(self, said: Iterable[str]) -> str:
        """Statements one after another: "a; b; c"."""
        return self.of(sentence("list.semicolon")).join(said)

    def of(self, said: Sentence | MMBMError | str) -> str:
        """What the library says, a warning or a refusal; a name stays as it is."""
        return (
            said.into(self.language) if isinstance(said, MMBMError) else into(self.language, said)
        )


def language_of(locale: str | None, chosen: str | None = None) -> Language:
    """The language that was chosen, else the browser's: Chinese for any Chinese, else English."""
    if chosen in LANGUAGES:
        return chosen
    return "zh" if (locale or "").lower().split("-")[0] == "zh" else "en"


@cache
def texts(language: Language) -> Texts:
    """Read ``text/<language>.json``."""
    path = Path(__file__).with_name(f"{language}.json")
    return Texts(language, json.loads(path.read_text(encoding="utf-8")))
