"""How strange a note is: its words, its subject, its language.

The distance of a note's feature to those of training was tried and left: it told short notes from
long ones, not foreign from known.

What a note is about: how many words it spends on each sign of the chest that it names.

A note about a knee is read as confidently as one about a cough: the branch learned from notes
that name a sign every four to twelve words (Chinese: characters), and words it never met still
leave their mark. Nine in ten real notes of chest cases name one every 4 to 60 words, nine in ten
general notes of other specialties one every 80 to 1,200, and none one in fewer than 58
(``benchmarks/indications.py``). Denied or not, a sign counts.
"""

from __future__ import annotations

import re
from functools import cache

from mmbm.branches.notes.prepare import Tokens
from mmbm.branches.notes.sign_names import CHINESE, CHINESE_CHILD, ENGLISH, ENGLISH_CHILD

__all__ = [
    "LANGUAGE",
    "MOST_WORDS",
    "UNKNOWN_WORDS",
    "cues_of_note",
    "words_known",
    "words_per_sign",
]

LANGUAGE = 2.0  # the cue of a language that the model never learned: past every share of words
UNKNOWN_WORDS = 2 / 3  # the limit; in real English notes up to about six words in ten are unknown
MOST_WORDS = 50  # for each sign; from there on a note is about something else
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


def words_known(tokens: Tokens, unknown: int) -> float:
    """The part of a note's words that the tokeniser knows as a whole, 0 to 1."""
    pieces: dict[int, list[int]] = {}
    for word, token in zip(tokens.words, tokens.ids, strict=True):
        pieces.setdefault(word, []).append(token)
    whole = [len(ids) == 1 and ids[0] != unknown for ids in pieces.values()]
    return sum(whole) / len(whole)


def cues_of_note(
    tokens: Tokens, text: str, unknown: int, *, foreign: bool = False
) -> dict[str, float]:
    """How strange a note's language, its words and its subject are; 1 at the limit."""
    return {
        "language": LANGUAGE * foreign,
        "words": (1 - words_known(tokens, unknown)) / UNKNOWN_WORDS,
        "subject": words_per_sign(text) / MOST_WORDS,
    }


def words_per_sign(text: str) -> float:
    """Words of a note, Chinese characters each counting as one, for each sign it names and one."""
    words = sum(1 for _ in WORD.finditer(text))
    return words / (1 + sum(1 for _ in _signs().finditer(text)))


@cache
def _signs() -> re.Pattern[str]:
    """Every name of every sign, the longest first."""
    tables = (ENGLISH, ENGLISH_CHILD, CHINESE, CHINESE_CHILD)
    names = {name for table in tables for names in table.values() for name in names}
    listed = "|".join(re.escape(name) for name in sorted(names, key=lambda n: (-len(n), n)))
    return re.compile(rf"(?<![a-z])(?:{listed})(?![a-z])", re.IGNORECASE)
