"""A plotly figure -> the numbers in it, as the cells of a table."""

from __future__ import annotations

import html
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import plotly.graph_objects as go

__all__ = ["numbers"]

MOST = 21  # points of a curve that the table holds; a ROC curve has hundreds

Table = tuple[list[str], list[list[str]]]  # heads, rows


def numbers(figure: go.Figure) -> Table:
    """The numbers of every trace that a reader can point at.

    Names along the vertical axis are rows, with one column a trace; of curves each point, or some
    of many.
    """
    traces = [trace for trace in figure.data if trace.hoverinfo != "skip"]
    if all(isinstance(y, str) for trace in traces for y in trace.y):
        return named(traces, plain(figure.layout.xaxis.title.text))
    return curves(figure, traces)


def named(traces: Sequence[Any], measured: str) -> Table:
    """One row a name; what is written at a point is its number."""
    cells = {
        (name, column): told(trace.x[i]) if trace.text is None else plain(trace.text[i])
        for column, trace in enumerate(traces)
        for i, name in enumerate(trace.y)
    }
    rows = [
        [plain(name), *(cells.get((name, column), "–") for column in range(len(traces)))]
        for name in dict.fromkeys(name for name, _ in cells)
    ]
    return ["", *(plain(trace.name) or measured for trace in traces)], rows


def curves(figure: go.Figure, traces: Sequence[Any]) -> Table:
    """One row a point: its curve, where it lies, and what is written there."""
    rows = []
    for trace in traces:
        last = len(trace.x) - 1
        step = max(1, -(-last // (MOST - 1)))
        for i in (*range(0, last, step), last):
            written = "" if trace.text is None else plain(trace.text[i])
            rows.append([plain(trace.name), told(trace.x[i]), told(trace.y[i]), written])
    ups = {plain(axis.title.text) for axis in figure.select_yaxes()}
    heads = ["", plain(figure.layout.xaxis.title.text), ups.pop() if len(ups) == 1 else "", ""]
    used = [column for column in range(4) if any(row[column] for row in rows)]
    return [heads[c] for c in used], [[row[c] for c in used] for row in rows]


def plain(text: str | None) -> str:
    """A text as the reader sees it; plotly's are escaped."""
    return html.unescape(text or "").strip()


def told(value: Any) -> str:
    """A count or a date as it is, anything else to three digits."""
    if isinstance(value, str):
        return plain(value)
    return f"{value:,}" if isinstance(value, Integral) else f"{float(value):.3g}"
