"""A manifest's check -> plotly figures; pure functions of its report."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.colours import GREY, PRIMARY, RAISES
from dashboard.figures.look import plain
from dashboard.text import Texts
from mmbm.data.check.association import FOLLOWS
from mmbm.data.check.report import AssociationRow, BalanceRow, PartsRow, QualityRow

__all__ = ["associations", "balance", "cell_name", "label_name", "spreads"]


def label_name(label: str, say: Texts) -> str:
    """A finding's or a sound event's name in the reader's language."""
    kind, _, event = label.rpartition(":")
    return say.name("event", event) if kind == "sound" else say.name("finding", label)


def cell_name(row: BalanceRow | PartsRow, say: Texts) -> str:
    """ "nih · test"; a split of another name is shown as it stands."""
    return f"{row.source} · {say.strings.get(f'data.split.{row.split}', row.split)}"


def balance(rows: Sequence[BalanceRow], label: str, say: Texts) -> go.Figure:
    """Cases with, without and of unknown label, one bar a split and source."""
    names = [cell_name(row, say) for row in rows]
    figure = go.Figure()
    for side, colour, pattern in (
        ("positive", RAISES, ""), ("negative", PRIMARY, "/"), ("unknown", GREY, "."),
    ):  # fmt: skip
        counts = [getattr(row.labels[label], side) for row in rows]
        figure.add_trace(
            go.Bar(
                x=counts,
                y=names,
                orientation="h",
                name=say(f"data.{side}"),
                marker={"color": colour, "pattern": {"shape": pattern}},
                hovertemplate="%{y}: %{x:,}<extra>" + say(f"data.{side}") + "</extra>",
            )
        )
    plain(figure, 26 * len(rows) + 90).update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title_text=say("data.cases"))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def associations(rows: Sequence[AssociationRow], say: Texts) -> go.Figure:
    """Cramer's V of label and group, the strongest on top, with the line of the warning."""
    named = [association_name(row, say) for row in rows]
    figure = go.Figure(
        go.Bar(
            x=[row.cramers_v for row in rows],
            y=named,
            orientation="h",
            marker={"color": [RAISES if row.cramers_v >= FOLLOWS else GREY for row in rows]},
            text=[f"{row.cramers_v:.2f}" for row in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[[f"{row.theils_u:.2f}", groups(row)] for row in rows],
            hovertemplate="V %{text}, U %{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        )
    )
    plain(figure, 26 * len(rows) + 80)
    figure.add_vline(x=FOLLOWS, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_xaxes(range=[0, 1.08], title_text=say("data.cramers_v"))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def association_name(row: AssociationRow, say: Texts) -> str:
    """ "Pneumonia, by view in nih"."""
    label, group = label_name(row.label, say), say(f"data.against.{row.against}")
    key = "data.by_within" if row.within else "data.by"
    return say(key, label=label, group=group, within=row.within)


def groups(row: AssociationRow) -> str:
    """ "AP: 206 of 486 positive; PA: …"."""
    return "; ".join(
        f"{name}: {positive:,} / {negative + positive:,}"
        for name, (negative, positive) in row.groups.items()
    )


def spreads(rows: Sequence[QualityRow], figure_name: str, say: Texts) -> go.Figure:
    """Quartiles and extremes of one figure, a box a source."""
    shown = [(row.source, row.figures[figure_name]) for row in rows if figure_name in row.figures]
    figure = go.Figure(
        go.Box(
            y=[source for source, _ in shown],
            q1=[s.lower for _, s in shown],
            median=[s.median for _, s in shown],
            q3=[s.upper for _, s in shown],
            lowerfence=[s.least for _, s in shown],
            upperfence=[s.greatest for _, s in shown],
            orientation="h",
            line={"color": PRIMARY, "width": 1.5},
        )
    )
    plain(figure, 38 * len(shown) + 70)
    figure.update_xaxes(title_text=say(f"data.figure.{figure_name}"))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure
