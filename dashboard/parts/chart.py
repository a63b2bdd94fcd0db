"""A figure in the reader's theme, and below it, folded, its numbers as a table."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from dashboard.figures.look import CONFIG
from dashboard.figures.numbers import numbers
from dashboard.markup import facts_table, folded_table
from dashboard.text import Texts

__all__ = ["chart"]


def chart(figure: go.Figure, key: str, say: Texts) -> None:
    """Draw a figure, with its numbers below it."""
    st.plotly_chart(figure, config=CONFIG, key=key)
    head, rows = numbers(figure)
    table = f'<div class="wide" tabindex="0">{facts_table(rows, head=head)}</div>'
    st.html(folded_table(table, say))
