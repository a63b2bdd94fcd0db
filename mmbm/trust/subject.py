"""What a note is about: how many words it spends on each sign of the chest that it names.

A note about a knee is read as confidently as one about a cough: the branch learned from notes
that name a sign every four to twelve words (Chinese: characters), and words it never met still
leave their mark. Nine in ten real notes of chest cases name one every 4 to 60 words, nine in ten
general notes of other specialties one every 80 to 1,200, and none one in fewer than 58
(``benchmarks/indications.py``). Denied or not, a sign counts.
"""

from __future__ import annotations

import re
from functools import cache

from mmbm.branches.notes.sign_names import CHINESE, CHINESE_CHILD, ENGLISH, ENGLISH_CHILD

__all__ = ["MOST_WORDS", "words_per_sign"]

MOST_WORDS = 50  # for each sign; from there on a note is about something else
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


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
