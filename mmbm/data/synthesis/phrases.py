"""The shape of a language's phrase tables; ``phrases_en`` and ``phrases_zh`` fill it."""

from __future__ import annotations

from dataclasses import dataclass

from mmbm.branches.notes.sign_names import Names

__all__ = ["Phrases"]

Words = tuple[str, ...]
Table = dict[str, Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases of one language.

    Placeholders: ``{n}`` a noun of the sign, ``{d}`` a number of days, ``{w}`` a time,
    ``{s}`` a site, ``{v}`` a measured value, ``{a}`` an age in years.
    """

    nouns: Names  # of each sign, shared by affirmed and denied wordings
    nouns_child: Names  # those that replace ``nouns`` for a child
    symptom_has: Words
    symptom_not: Words
    exam_has: Words
    exam_not: Words
    alone_has: Table  # sign -> clauses that need no template
    alone_not: Table
    list_has: Words  # templates for several symptoms at once, ``{list}``
    list_not: Words
    contrast: Words  # ``{yes}`` affirmed and ``{no}`` denied in one clause
    joiners: tuple[Words, Words]  # between list items: in an affirmed, in a denied list
    sites: Words
    when: Words
    vitals: Table  # vital sign -> labels with ``{v}``; "fever_f" is in Fahrenheit
    vitals_normal: Words
    people: Table  # "M", "F", "": openings with ``{a}``; "child-M", …; "ageless", "ageless-child"
    reasons: Words
    history_adult: Words  # ``a|b`` are alternatives that do not go together
    history_child: Words
    others: Words  # somebody else's signs, or the patient's at another time
    plans: Words
    headings: Table
    letter_open: Words
    letter_close: Words
