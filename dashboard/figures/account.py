"""The account of one finding: base + contributions = logit."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from dashboard.colours import GREY, INK, LOWERS, MUTED, RAISES
from dashboard.figures.look import plain
from dashboard.markup import percent, signed
from dashboard.text import Texts
from mmbm.case import Modality
from mmbm.explain.ledger import Ledger

__all__ = ["waterfall"]

PROBABILITIES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


def steps(account: Ledger, say: Texts) -> list[tuple[str, float, float, str]]:
    """The bars of a ledger as (name, start, length, colour), the total last."""
    bars = [(say("ledger.base"), 0.0, account.base, GREY)]
    at = account.base
    for modality in account.contributions:
        share = account.contributions[modality]
        bars.append((say.name("modality", modality), at, share, RAISES if share > 0 else LOWERS))
        at += share
    bars.append((say("ledger.total"), 0.0, account.logit, INK))
    return bars


def waterfall(account: Ledger, present: tuple[Modality, ...], say: Texts) -> go.Figure:
    """Base + contributions = logit, with the probability on a second axis above."""
    bars = steps(account, say)
    absent = {say.name("modality", m) for m in account.contributions if m not in present}
    labels = [
        say("ledger.absent") if name in absent else signed(length, 3) for name, _, length, _ in bars
    ]
    for place, modality in enumerate(account.contributions, 1):
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
