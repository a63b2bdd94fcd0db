"""All that MMBM says: codes with values, and ``<language>.json``, which gives each its sentence.

What is refused, warned of or reported is a :class:`Sentence`. It is its English words, so it goes
wherever text goes, and it remembers its code and values, so it can be put into another language
when somebody reads it.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

__all__ = [
    "LANGUAGES",
    "Language",
    "Say",
    "Sentence",
    "Value",
    "as_sentence",
    "into",
    "known",
    "name_of",
    "placeholders",
    "sentence",
    "speaker",
    "table",
]

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}

LONGEST_VALUE = 1000  # characters of one that comes from another process
LONGEST_LIST = 1000  # values in one, likewise
DEEPEST = 4  # sentences within sentences, likewise


class Sentence(str):
    """A sentence in English that can be put into another language."""

    __slots__ = ("code", "values")

    code: str
    values: dict[str, Value]

    def __new__(cls, code: str, values: Mapping[str, Value]) -> Sentence:
        """Fill in a code's words. Raises KeyError for an unknown code or a missing value."""
        made = super().__new__(cls, _filled(code, values, "en"))
        made.code, made.values = code, dict(values)
        return made

    def into(self, language: Language) -> str:
        """The sentence in a language, with the sentences among its values."""
        return str(self) if language == "en" else _filled(self.code, self.values, language)

    def coded(self) -> dict[str, Any]:
        """The code and its values as JSON; :meth:`decoded` is the way back."""
        return {"code": self.code, "values": {n: _coded(v) for n, v in self.values.items()}}

    @classmethod
    def decoded(cls, found: object, depth: int = 0) -> Sentence:
        """The sentence that another process has coded.

        Raises ValueError, KeyError or TypeError for what is none of this program's sentences.
        """
        if not isinstance(found, dict) or depth > DEEPEST:
            raise ValueError("not a sentence")
        code, values = found["code"], found["values"]
        if set(values) != placeholders(code):
            raise ValueError("not the values of this sentence")
        return cls(code, {name: _checked(value, depth) for name, value in values.items()})

    def __reduce__(self) -> tuple[type[Sentence], tuple[str, dict[str, Value]]]:
        return Sentence, (self.code, self.values)


Value: TypeAlias = "str | int | float | Sentence | tuple[Value, ...]"


def sentence(code: str, /, **values: Value) -> Sentence:
    """What a code says: ``sentence("io.pdf.locked", pages=3)``."""
    return Sentence(code, values)


def name_of(kind: str, name: str) -> Sentence:
    """The name of a finding, sound event or modality; its plain words where none is written."""
    if known(f"{kind}.{name}"):
        return sentence(f"{kind}.{name}")
    plain = name.replace("_", " ").replace("-", " ")
    return sentence("name.plain", name=plain[:1].upper() + plain[1:])


def as_sentence(said: str) -> Sentence:
    """A sentence; what is said without a code, by a branch from outside, as it is."""
    return said if isinstance(said, Sentence) else sentence("text.plain", said=said)


def into(language: Language, said: str) -> str:
    """Words in a language; what is no sentence of this program, such as a name, stays as it is."""
    return said.into(language) if isinstance(said, Sentence) else said


Say: TypeAlias = Callable[[str], str]  # what is said -> its words in a reader's language


def speaker(language: Language) -> Say:
    """Puts all that it is given into one language."""
    return partial(into, language)


@cache
def table(language: Language) -> dict[str, str]:
    """All sentences of a language by their codes."""
    path = Path(__file__).with_name(f"{language}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def known(code: str) -> bool:
    """Whether a code has a sentence."""
    return code in table("en")


def placeholders(code: str) -> set[str]:
    """The names of the values that a code's sentence takes. Raises KeyError for an unknown code."""
    return {name for _, name, _, _ in string.Formatter().parse(table("en")[code]) if name}


class _Number(float):
    """Writes "90 %" where Python writes "90%"."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace("%", " %")


def _filled(code: str, values: Mapping[str, Value], language: Language) -> str:
    words = {name: _word(value, language) for name, value in values.items()}
    return table(language)[code].format(**words)


def _word(value: Value, language: Language) -> str | int | float:
    """A value as it is filled in; several as "one, another and a third"."""
    if isinstance(value, Sentence):
        return value.into(language)
    if isinstance(value, float):
        return _Number(value)
    if not isinstance(value, tuple):
        return value
    *others, last = (str(_word(each, language)) for each in value)
    first = table(language)["list.comma"].join(others)
    return table(language)["list.and"].format(first=first, last=last) if others else last


def _coded(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_coded(each) for each in value]
    return value.coded() if isinstance(value, Sentence) else value


def _checked(value: object, depth: int) -> Value:
    if isinstance(value, dict):
        return Sentence.decoded(value, depth + 1)
    if isinstance(value, list) and 0 < len(value) <= LONGEST_LIST and depth <= DEEPEST:
        return tuple(_checked(each, depth + 1) for each in value)
    if not isinstance(value, str | int | float) or len(str(value)) > LONGEST_VALUE:
        raise ValueError("not a value of a sentence")
    return value
