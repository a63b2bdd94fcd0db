"""How the model came to be: in the words of its maker, its cases, its history."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.figures import evaluation as draw
from dashboard.foreign import escape
from dashboard.parts.blocks import blank, block, small, table, title
from dashboard.parts.sources import source_name
from dashboard.text import Texts
from mmbm.card import Card, own_facts

__all__ = ["learned"]

SPLITS = ("train", "val", "test")


def learned(card: Card, finding: str, say: Texts) -> None:
    """What the card says of the training, the cases by split, and the log."""
    told = own_facts(card.facts, say.language).how_trained
    if told:
        title("model.how_trained", say)
        st.html(f'<p class="told">{escape(told)}</p>')
    title("model.data", say)
    heads = ["model.source", *(f"model.data.{split}" for split in SPLITS), "model.cases_assembled"]
    table(cases(card.facts, say), heads, say)
    small(say("model.data.caption"))
    title("model.history", say)
    history(card.history, finding, say)


def cases(facts: dict[str, Any], say: Texts) -> list[tuple[str, ...]]:
    """Cases and patients of each source by split, as "757 (646)"."""
    found: dict[str, dict[str, Any]] = {}
    for row in facts.get("data", []):
        found.setdefault(str(row["source"]), {})[row["split"]] = row
    return [
        (
            source_name(source, say),
            *(
                f"{by[split]['cases']:,} ({by[split]['patients']:,})" if split in by else "–"
                for split in SPLITS
            ),
            f"{sum(row['assembled'] for row in by.values()):,}",
        )
        for source, by in found.items()
    ]


def history(log: pd.DataFrame | None, finding: str, say: Texts) -> None:
    """Losses and validation AUROCs by epoch."""
    if log is None or not len(log):
        blank(say, "model.history.none")
        return
    caption = say("model.history.caption")
    block("model.history", lambda: draw.history(log, finding, say), caption, say)
