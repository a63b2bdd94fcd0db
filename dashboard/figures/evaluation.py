"""A model's evaluation -> plotly figures; pure functions of its record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.colours import GREY, PRIMARY, SERIES
from dashboard.figures.look import plain
from dashboard.text import Texts
from mmbm.record import Bin, Roc
from mmbm.record.figures import RiskCoverage

__all__ = ["history", "reliability", "risk", "roc", "wilson"]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")  # lines apart without their colours


def wilson(fraction: float, n: int) -> tuple[float, float]:
    """95 % interval of a fraction of ``n`` (Wilson, JASA 1927)."""
    z = 1.959964
    centre = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


def reliability(bins: Sequence[Bin], say: Texts) -> go.Figure:
    """Observed fraction against predicted probability, with Wilson intervals."""
    used = [b for b in bins if b.n]
    bounds = [wilson(b.fraction, b.n) for b in used]
    figure = go.Figure()
    diagonal = {"color": GREY, "dash": "dot", "width": 1}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=[b.mean_probability for b in used],
            y=[b.fraction for b in used],
            mode="lines+markers",
            marker={"size": 8, "color": PRIMARY},
            line={"color": PRIMARY, "width": 1.5},
            error_y={
                "array": [h - b.fraction for (_, h), b in zip(bounds, used, strict=True)],
                "arrayminus": [b.fraction - w for (w, _), b in zip(bounds, used, strict=True)],
                "color": GREY,
                "thickness": 1.2,
            },
            text=[f"n = {b.n}" for b in used],
            hovertemplate="%{x:.2f} → %{y:.2f}, %{text}<extra></extra>",
        )
    )
    plain(figure, 330).update_layout(showlegend=False)
    figure.update_xaxes(range=[-0.02, 1.02], title_text=say("model.predicted"))
    figure.update_yaxes(range=[-0.02, 1.02], title_text=say("model.observed"))
    return figure


def roc(curves: Mapping[str, Roc], say: Texts) -> go.Figure:
    """One ROC curve a source."""
    figure = lines({name: (curve.fpr, curve.tpr) for name, curve in curves.items()})
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name=say("model.chance"),
            line={"color": GREY, "dash": "dot", "width": 1},
        )
    )
    figure.update_xaxes(range=[-0.01, 1.01], title_text=say("model.roc.x"))
    figure.update_yaxes(range=[-0.01, 1.01], title_text=say("model.roc.y"))
    return figure


def risk(curves: Mapping[str, RiskCoverage], say: Texts) -> go.Figure:
    """One risk-coverage curve a source, its area in the legend."""
    figure = lines(
        {
            f"{name}, {say('model.risk.area', area=f'{curve.area:.3f}')}": (
                curve.coverage,
                curve.risk,
            )
            for name, curve in curves.items()
        }
    )
    figure.update_xaxes(range=[0, 1.01], title_text=say("model.coverage"))
    figure.update_yaxes(rangemode="tozero", title_text=say("model.errors"))
    return figure


def lines(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> go.Figure:
    """Named (x, y) lines, each in its colour."""
    figure = go.Figure()
    for at, (name, (x, y)) in enumerate(sorted(curves.items())):
        line = {"color": SERIES[at % len(SERIES)], "dash": DASHES[at % len(DASHES)], "width": 2}
        figure.add_trace(go.Scatter(x=list(x), y=list(y), mode="lines", name=name, line=line))
    return plain(figure, 360)


def history(log: pd.DataFrame, finding: str, say: Texts) -> go.Figure:
    """Loss on the left, the finding's validation AUROCs (``finding/parts/source``) on the right."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.08)
    losses = [c for c in log.columns if "loss" in c]
    aurocs = [c for c in log.columns if c.startswith(f"{finding}/")]
    for columns, at in ((losses, 1), (aurocs, 2)):
        for number, column in enumerate(columns):
            colour = SERIES[number % len(SERIES)]
            figure.add_trace(
                go.Scatter(
                    x=log["epoch"],
                    y=log[column],
                    name=column.removeprefix(f"{finding}/").replace("/", ", "),
                    mode="lines+markers",
                    line={"color": colour, "dash": "dot" if "/image/" in column else "solid"},
                    marker={"symbol": number},
                ),
                row=1,
                col=at,
            )
    plain(figure, 300)
    figure.update_xaxes(title_text=say("model.epoch"), dtick=max(1, len(log) // 10))
    figure.update_yaxes(title_text=say("model.loss"), row=1, col=1)
    figure.update_yaxes(title_text=say("model.auroc"), row=1, col=2)
    return figure
