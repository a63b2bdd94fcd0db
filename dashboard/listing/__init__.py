"""A page of a long list as one table: rows to open by a click, and to mark for what is done next.

One element of the page, whatever the number of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["Cell", "Row", "show"]

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cell:
    """Words of a cell, with how loud they are: "", quiet, caution, yes, no or not_sure."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the first cell opens it."""

    id: str
    cells: tuple[Cell, ...]
    marked: bool = False


@cache
def _component() -> Any:
    return st.components.v2.component(
        "mmbm_listing",
        html='<div class="listing"></div>',
        css=(HERE / "listing.css").read_text(encoding="utf-8"),
        js=(HERE / "listing.js").read_text(encoding="utf-8"),
    )


def show(
    heads: Sequence[str],
    rows: Sequence[Row],
    *,
    key: str,
    words: dict[str, str],
    opened: Callable[[], None],
    marked: Callable[[], None] | None = None,
) -> None:
    """Draw the table.

    ``opened`` and ``marked`` are callbacks: ``open`` of the key's value holds the row that was
    opened, ``mark`` a list of all marked rows of this page. Without ``marked`` rows have no boxes.
    ``words`` has "caption", "open" (with {name}), "mark" (with {name}) and "mark_all".
    """
    callbacks: dict[str, Any] = {"on_open_change": opened}
    if marked is not None:
        callbacks["on_mark_change"] = marked
    data = {
        "heads": list(heads),
        "rows": [asdict(row) for row in rows],
        "words": words,
        "boxes": marked is not None,
    }
    _component()(key=key, data=data, **callbacks)
