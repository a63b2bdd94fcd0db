"""A cohort's report -> plotly figures."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.colours import SERIES
from dashboard.figures.look import plain
from dashboard.text import Texts
from mmbm.cohort.figures import CohortReport, Survival

__all__ = ["boxes", "curves", "group_name"]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
HATCHES = ("", "/", "x", "-", "|", "+")


def boxes(report: CohortReport, say: Texts) -> go.Figure:
    """The mean of each arm at each visit with its interval."""
    figure = go.Figure()
    for k, arm in enumerate(report.arms):
        shown = [g for g in report.groups if g.arm == arm]
        ends = [g.mean_ci or (g.mean, g.mean) for g in shown]
        figure.add_trace(
            go.Scatter(
                name=arm,
                x=[report.visits.index(g.visit) + 0.05 * k for g in shown],
                y=[g.mean for g in shown],
                mode="lines+markers",
                line={"color": SERIES[k % len(SERIES)], "dash": DASHES[k % len(DASHES)]},
                marker={"size": 9, "symbol": k},
                error_y={
                    "array": [high - g.mean for g, (_, high) in zip(shown, ends, strict=True)],
                    "arrayminus": [g.mean - low for g, (low, _) in zip(shown, ends, strict=True)],
                },
                text=[f"{g.visit}: n = {g.patients}" for g in shown],
                hovertemplate="%{text}, %{y:.2f}<extra></extra>",
            )
        )
    plain(figure, 320)
    places = list(range(len(report.visits)))
    figure.update_xaxes(
        tickvals=places, ticktext=list(report.visits), title_text=say("cohorts.visit")
    )
    figure.update_yaxes(title_text=say("cohorts.mean"))
    return figure


def curves(compared: Survival, say: Texts) -> go.Figure:
    """Each group's share without the event, in steps."""
    figure = go.Figure()
    for k, curve in enumerate(compared.curves):
        figure.add_trace(
            go.Scatter(
                name=group_name(curve.group, compared.by, say),
                x=[0.0, *curve.times],
                y=[1.0, *curve.survival],
                mode="lines",
                line={
                    "shape": "hv",
                    "color": SERIES[k % len(SERIES)],
                    "dash": DASHES[k % len(DASHES)],
                },
                text=["", *(f"n = {n}" for n in curve.at_risk)],
                hovertemplate="%{x:.0f}: %{y:.2f} %{text}<extra></extra>",
            )
        )
    plain(figure, 320)
    figure.update_xaxes(title_text=say("cohorts.time"))
    figure.update_yaxes(range=[-0.02, 1.02], title_text=say("cohorts.without_event"))
    return figure


def group_name(group: str, by: str, say: Texts) -> str:
    """An arm by its name; a group of the score in words."""
    return group if by == "arm" else say(f"cohorts.score.{group}")
