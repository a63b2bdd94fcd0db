"""One case's numbers -> plotly figures; pure functions of library objects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.colours import GREY, INK, LOWERS, MUTED, RAISES, RULE
from dashboard.foreign import escape
from dashboard.markup import percent, shortened, signed
from dashboard.text import Texts
from mmbm.case import MODALITIES, Modality
from mmbm.explain.ledger import Ledger

__all__ = ["CONFIG", "block_sums", "plain", "waterfall"]

FONT = "Source Sans, Source Sans Pro, sans-serif"
PROBABILITIES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
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
        font={"family": FONT, "size": 12, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font": {"family": FONT}},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "font": {"size": 11}},
    )
    figure.update_xaxes(gridcolor=RULE, zerolinecolor=GREY, automargin=True)
    figure.update_yaxes(gridcolor=RULE, zerolinecolor=GREY, automargin=True)
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


def steps(account: Ledger, say: Texts) -> list[tuple[str, float, float, str]]:
    """The bars of a ledger as (name, start, length, colour), the total last."""
    bars = [(say("ledger.base"), 0.0, account.base, GREY)]
    at = account.base
    for modality in MODALITIES:
        share = account.contributions[modality]
        bars.append((say(f"modality.{modality}"), at, share, RAISES if share > 0 else LOWERS))
        at += share
    bars.append((say("ledger.total"), 0.0, account.logit, INK))
    return bars


def waterfall(account: Ledger, present: tuple[Modality, ...], say: Texts) -> go.Figure:
    """Base + contributions = logit, with the probability on a second axis above."""
    bars = steps(account, say)
    absent = {say(f"modality.{m}") for m in MODALITIES if m not in present}
    labels = [
        say("ledger.absent") if name in absent else signed(length, 3) for name, _, length, _ in bars
    ]
    for place, modality in enumerate(MODALITIES, 1):
        if modality in account.intervals and modality in present:
            low, high = account.intervals[modality]
            labels[place] += f" ± {(high - low) / 2:.2f}"
    labels[-1] = f"<b>{labels[-1]}</b> ({percent(account.probability)})"
    figure = go.Figure(
        go.Bar(
            y=[name for name, *_ in bars],
            x=[length for _, _, length, _ in bars],
            base=[start for _, start, _, _ in bars],
            orientation="h",
            marker={"color": [colour for *_, colour in bars]},
            text=labels,
            textposition="outside",
            cliponaxis=False,
            width=0.58,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    ends = [start + length for _, start, length, _ in bars]
    for i, end in enumerate(ends[:-1]):
        figure.add_shape(
            type="line",
            x0=end,
            x1=end,
            y0=i,
            y1=i + 1,
            line={"color": MUTED, "width": 1, "dash": "dot"},
        )
    reach = [0.0, *ends]
    low, high = min(reach), max(reach)
    room = max(0.6, 0.3 * (high - low))  # for the numbers beside the bars
    span = [low - 1.7 * room if low < 0 else low - room, high + 1.4 * room]
    ticks = probability_ticks(span)
    # Bars belong to the first axis; this empty trace is what makes plotly draw the second.
    figure.add_trace(go.Scatter(x=[None], y=[None], xaxis="x2", showlegend=False))
    plain(figure, 38 * len(bars) + 110)
    figure.update_layout(
        xaxis={
            "title": {"text": say("ledger.axis"), "standoff": 6},
            "range": span,
            "zeroline": True,
        },
        xaxis2={
            "overlaying": "x",
            "side": "top",
            "range": span,
            "tickvals": [math.log(p / (1 - p)) for p in ticks],
            "ticktext": [percent_tick(p) for p in ticks],
            "title": {"text": say("ledger.probability"), "standoff": 6},
            "showgrid": False,
            "zeroline": False,
        },
        margin={"t": 46},
        yaxis={"autorange": "reversed", "showgrid": False, "ticksuffix": "  "},
        showlegend=False,
    )
    return figure


def probability_ticks(span: list[float]) -> list[float]:
    """Round probabilities within a span of logits; evenly spaced ones where the span is short."""
    tenths = tuple(round(0.1 * i, 1) for i in range(1, 10))
    twentieths = tuple(round(0.05 * i, 2) for i in range(1, 20))
    for choice in (PROBABILITIES, tenths, twentieths):
        ticks = [p for p in choice if span[0] <= math.log(p / (1 - p)) <= span[1]]
        if len(ticks) >= 4:
            break
    return ticks


def percent_tick(probability: float) -> str:
    """0.05 -> "5 %", 0.001 -> "0.1 %"."""
    return f"{100 * probability:g} %"


def block_sums(share: NDArray[np.floating], blocks: int) -> NDArray[np.float64]:
    """(height, width) shares summed in about ``blocks`` x ``blocks`` tiles; the total is kept."""
    edges = [np.linspace(0, side, min(blocks, side) + 1).astype(int)[:-1] for side in share.shape]
    rows = np.add.reduceat(np.asarray(share, dtype=np.float64), edges[0], axis=0)
    return np.add.reduceat(rows, edges[1], axis=1)
