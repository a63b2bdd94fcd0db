"""What nobody looked at: what the card and the page list as not assessed."""

from __future__ import annotations

from typing import Any

from mmbm.card.facts import CardFacts
from mmbm.record import Record
from mmbm.text import Language, sentence

__all__ = ["open_questions", "own_facts"]

OPEN = ("prospective", "human", "real", "elsewhere", "clinic")  # of every model


def own_facts(facts: dict[str, Any], language: Language) -> CardFacts:
    """What a person added to ``card.json``, in a language; in English where it has no other.

    Raises
    ------
    ConfigError
        An unknown entry.
    """
    entry = "card_zh" if language == "zh" and "card_zh" in facts else "card"
    return CardFacts.parse(facts.get(entry, {}))


def open_questions(record: Record | None) -> tuple[str, ...]:
    """What no model of this program was asked, then what is missing in this one's record."""
    missing = list(OPEN)
    if record is None or not record.leave_one_source_out:
        missing.append("left_out")
    if record is None or not record.subgroups:
        missing.append("subgroups")
    return tuple(sentence(f"card.open.{name}") for name in missing)
