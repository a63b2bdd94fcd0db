"""Every word on the screen, in the reader's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["LANGUAGES", "Language", "Texts", "texts"]

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class Texts:
    """The strings of one language; ``say("intake.image.title")`` looks one up."""

    language: Language
    strings: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        text = self.strings[key]
        return text.format(**values) if values else text

    def name(self, kind: str, name: str) -> str:
        """The name of a finding, sound event or sample; the bare name where none is written."""
        plain = name.replace("_", " ").replace("-", " ")
        return self.strings.get(f"{kind}.{name}", plain[:1].upper() + plain[1:])


@cache
def texts(language: Language) -> Texts:
    """Read ``text/<language>.json``."""
    path = Path(__file__).with_name(f"{language}.json")
    return Texts(language, json.loads(path.read_text(encoding="utf-8")))
