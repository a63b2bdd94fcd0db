"""The card: a model's facts, generated from its config, its data and its evaluation record."""

from mmbm.card.facts import Card, CardFacts, data_table, read_card
from mmbm.card.open import open_questions, own_facts
from mmbm.card.tables import figures_table
from mmbm.card.write import write_card

__all__ = [
    "Card",
    "CardFacts",
    "data_table",
    "figures_table",
    "open_questions",
    "own_facts",
    "read_card",
    "write_card",
]
