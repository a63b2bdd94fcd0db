"""One finding of one patient over time: its log-odds, and what each part contributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from dashboard.colours import GREY, SERIES
from dashboard.figures.look import plain
from dashboard.markup import signed
from dashboard.text import Texts
from mmbm.case import Modality

__all__ = ["Moment", "changed", "over_time"]


@dataclass(frozen=True, slots=True)
class Moment:
    """What the model said of a finding in one of the patient's cases."""

    case_id: str
    day: date
    logit: float
    contributions: Mapping[Modality, float]  # of the parts that were given


def over_time(moments: Sequence[Moment], say: Texts) -> go.Figure:
    """Total and contributions, a line each; a part that was not given has no point that day."""
    days = [moment.day.isoformat() for moment in moments]
    parts = list(dict.fromkeys(m for moment in moments for m in moment.contributions))
    figure = go.Figure()
    for place, part in enumerate(parts):
        held = [(d, m.contributions[part]) for d, m in zip(days, moments, strict=True)
                if part in m.contributions]  # fmt: skip
        figure.add_scatter(
            x=[day for day, _ in held],
            y=[value for _, value in held],
            name=say.name("modality", part),
            mode="lines+markers",
            line={"color": SERIES[(place + 1) % len(SERIES)], "width": 1.5, "dash": "dot"},
            marker={"size": 7, "symbol": ("square", "diamond", "triangle-up")[place % 3]},
        )
    figure.add_scatter(
        x=days,
        y=[moment.logit for moment in moments],
        name=say("time.total"),
        mode="lines+markers",
        line={"color": SERIES[0], "width": 3},
        marker={"size": 10},
    )
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    figure = plain(figure, 260)
    figure.update_xaxes(type="date", title_text=say("time.date"), tickformat="%Y-%m-%d", nticks=6)
    figure.update_yaxes(title_text=say("time.log_odds"))
    return figure


def changed(before: Moment, now: Moment, say: Texts) -> str:
    """ "Since 3 March 2026: log-odds +1.30; image +1.20, notes +0.10." """
    parts = list(dict.fromkeys((*before.contributions, *now.contributions)))
    differences = {
        part: now.contributions.get(part, 0.0) - before.contributions.get(part, 0.0)
        for part in parts
    }
    ordered = sorted(differences.items(), key=lambda item: -abs(item[1]))
    named = say.listed(
        f"{say.name('modality', part).lower()} {signed(value)}" for part, value in ordered
    )
    return say(
        "time.changed", day=say.day(before.day), total=signed(now.logit - before.logit), parts=named
    )
