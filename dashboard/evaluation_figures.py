"""A model's evaluation -> plotly figures; pure functions of its record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.colours import GREY, INK, MUTED, PRIMARY
from dashboard.figures import plain
from dashboard.text import Texts

__all__ = ["SERIES", "forest", "history", "reliability", "roc", "wilson"]

# Okabe and Ito's colours, told apart with any of the common colour blindnesses.
SERIES = (PRIMARY, "#D55E00", "#009E73", "#CC79A7", "#7A5C00", "#56B4E9", INK)
Figures = Mapping[str, Any]


def forest(rows: Sequence[tuple[str, Figures]], say: Texts) -> go.Figure:
    """AUROC with its interval, one row a name, chance marked."""
    known = [(name, f) for name, f in rows if f.get("auroc") is not None]
    low = [f["auroc"] - (f.get("auroc_ci") or [f["auroc"]] * 2)[0] for _, f in known]
    high = [(f.get("auroc_ci") or [f["auroc"]] * 2)[1] - f["auroc"] for _, f in known]
    figure = go.Figure(
        go.Scatter(
            x=[f["auroc"] for _, f in known],
            y=[name for name, _ in known],
            mode="markers+text",
            marker={"size": 9, "color": PRIMARY, "symbol": "square"},
            error_x={"array": high, "arrayminus": low, "color": MUTED, "thickness": 1.5},
            text=[interval(f) for _, f in known],
            textposition="top center",
            textfont={"size": 11, "color": MUTED},
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    plain(figure, 46 * max(1, len(known)) + 70)
    figure.add_vline(x=0.5, line={"color": GREY, "dash": "dot", "width": 1})
    lowest = min([0.5, *(f["auroc"] - d for (_, f), d in zip(known, low, strict=True))])
    figure.update_xaxes(
        range=[max(0.0, math.floor(10 * lowest - 0.5) / 10), 1.07], title_text=say("model.auroc")
    )
    figure.update_yaxes(range=[len(known) - 0.5, -0.75], showgrid=False, ticksuffix="  ")
    return figure


def interval(figures: Figures) -> str:
    """ "0.91 (0.87 to 0.94)", or without the interval where there is none."""
    text = f"{figures['auroc']:.2f}"
    bounds = figures.get("auroc_ci")
    return f"{text} ({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else text


def wilson(fraction: float, n: int) -> tuple[float, float]:
    """95 % interval of a fraction of ``n`` (Wilson, JASA 1927)."""
    z = 1.959964
    centre = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


def reliability(bins: Sequence[Figures], say: Texts) -> go.Figure:
    """Observed fraction against predicted probability, with Wilson intervals."""
    used = [b for b in bins if b["n"]]
    bounds = [wilson(b["fraction"], b["n"]) for b in used]
    figure = go.Figure()
    diagonal = {"color": GREY, "dash": "dot", "width": 1}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=[b["mean_probability"] for b in used],
            y=[b["fraction"] for b in used],
            mode="lines+markers",
            marker={"size": 8, "color": PRIMARY},
            line={"color": PRIMARY, "width": 1.5},
            error_y={
                "array": [h - b["fraction"] for (_, h), b in zip(bounds, used, strict=True)],
                "arrayminus": [b["fraction"] - w for (w, _), b in zip(bounds, used, strict=True)],
                "color": MUTED,
                "thickness": 1.2,
            },
            text=[f"n = {b['n']}" for b in used],
            hovertemplate="%{x:.2f} → %{y:.2f}, %{text}<extra></extra>",
        )
    )
    plain(figure, 330).update_layout(showlegend=False)
    figure.update_xaxes(range=[-0.02, 1.02], title_text=say("model.predicted"))
    figure.update_yaxes(range=[-0.02, 1.02], title_text=say("model.observed"))
    return figure


def roc(curves: Mapping[str, Mapping[str, Sequence[float]]], say: Texts) -> go.Figure:
    """One ROC curve a source."""
    figure = go.Figure()
    for (source, curve), colour in zip(sorted(curves.items()), cycle(len(curves)), strict=True):
        figure.add_trace(
            go.Scatter(
                x=list(curve["fpr"]),
                y=list(curve["tpr"]),
                mode="lines",
                name=source,
                line={"color": colour, "width": 2},
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name=say("model.chance"),
            line={"color": GREY, "dash": "dot", "width": 1},
        )
    )
    plain(figure, 360)
    figure.update_xaxes(range=[-0.01, 1.01], title_text=say("model.specificity"))
    figure.update_yaxes(range=[-0.01, 1.01], title_text=say("model.sensitivity"))
    return figure


def history(log: pd.DataFrame, finding: str, say: Texts) -> go.Figure:
    """Loss on the left, the finding's validation AUROCs (``finding/parts/source``) on the right."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.08)
    losses = [c for c in log.columns if "loss" in c]
    aurocs = [c for c in log.columns if c.startswith(f"{finding}/")]
    for columns, at in ((losses, 1), (aurocs, 2)):
        for column, colour in zip(columns, cycle(len(columns)), strict=True):
            figure.add_trace(
                go.Scatter(
                    x=log["epoch"],
                    y=log[column],
                    name=column.removeprefix(f"{finding}/").replace("/", ", "),
                    mode="lines+markers",
                    line={"color": colour, "dash": "dot" if "/image/" in column else "solid"},
                ),
                row=1,
                col=at,
            )
    plain(figure, 300)
    figure.update_xaxes(title_text=say("model.epoch"), dtick=max(1, len(log) // 10))
    figure.update_yaxes(title_text=say("model.loss"), row=1, col=1)
    figure.update_yaxes(title_text=say("model.auroc"), row=1, col=2)
    return figure


def cycle(count: int, colours: Sequence[str] = SERIES) -> list[str]:
    return [colours[i % len(colours)] for i in range(count)]
