"""The look that all figures share; ink, rules and page are those of the reader's theme."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from dashboard.foreign import escape
from dashboard.markup import shortened

__all__ = ["CONFIG", "plain"]

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def plain(figure: go.Figure, height: int) -> go.Figure:
    """The look that all figures share; plotly shows the names in them word for word."""
    for trace in figure.data:
        trace.update(
            x=_verbatim(_short(trace.x)),
            y=_verbatim(_short(trace.y)),
            name=_verbatim(trace.name),
            customdata=_verbatim(trace.customdata),
        )
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 14, "t": 12, "b": 10},
        font={"size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "font": {"size": 11}},
    )
    figure.update_xaxes(showgrid=True, automargin=True)
    figure.update_yaxes(showgrid=True, automargin=True)
    return figure


def _short(places: Any) -> Any:
    """The names along an axis, the long ones without their middle where that keeps them apart."""
    if not (isinstance(places, tuple) and any(isinstance(p, str) for p in places)):
        return places
    short = tuple(shortened(p) if isinstance(p, str) else p for p in places)
    return short if len(set(short)) == len(set(places)) else places


def _verbatim(part: Any) -> Any:
    """A name, or a list of names or numbers, for plotly to show word for word."""
    if isinstance(part, str):
        return escape(part)
    return [_verbatim(p) for p in part] if isinstance(part, (list, tuple)) else part
