"""What a what-if shows: a note with struck words, and how the findings moved."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.colours import GREY, LOWERS, PRIMARY, RAISES
from dashboard.figures.look import plain
from dashboard.foreign import escape
from dashboard.markup import facts_table, percent, signed
from dashboard.text import Texts
from mmbm.branches.parts import Span
from mmbm.explain.whatif import Change

__all__ = ["account_rows", "account_table", "moved", "struck"]


def struck(text: str, words: Sequence[Span]) -> str:
    """The note verbatim, these words struck out."""
    parts, at = [], 0
    for start, end in sorted((int(a), int(b)) for a, b in words):
        gone = f'<del class="gone">{escape(text[start:end])}</del>'
        parts += [escape(text[at:start]), gone]
        at = end
    return f'<div class="note" tabindex="0">{"".join([*parts, escape(text[at:])])}</div>'


def moved(changes: Sequence[Change], say: Texts) -> go.Figure:
    """Each finding's probability before and after, joined by a line."""
    names = [say.name("finding", change.finding) for change in changes]
    figure = go.Figure()
    for name, change in zip(names, changes, strict=True):
        figure.add_trace(
            go.Scatter(
                x=[100 * change.before.probability, 100 * change.after.probability],
                y=[name, name],
                mode="lines",
                line={"width": 4, "color": RAISES if change.logit > 0 else LOWERS},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for side, colour, symbol in (("before", GREY, "circle-open"), ("after", PRIMARY, "circle")):
        accounts = [getattr(change, side) for change in changes]
        figure.add_trace(
            go.Scatter(
                x=[100 * account.probability for account in accounts],
                y=names,
                mode="markers",
                name=say(f"whatif.{side}"),
                marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 2}},
                hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            )
        )
    plain(figure, 26 * len(names) + 74)
    quarters = [0, 25, 50, 75, 100]
    figure.update_xaxes(range=[-2, 102], tickvals=quarters, ticktext=[f"{q} %" for q in quarters])
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def account_table(change: Change, say: Texts) -> str:
    """One finding's account before and after, and the difference, as HTML."""
    head = ["", say("whatif.before"), say("whatif.after"), say("whatif.change")]
    return facts_table(account_rows(change, say), head=head)


def account_rows(change: Change, say: Texts) -> list[tuple[str, str, str, str]]:
    """One finding's account before and after, and the difference."""
    before, after = change.before, change.after
    numbers = [(say("ledger.base"), before.base, after.base)]
    numbers += [
        (say.name("modality", m), before.contributions[m], after.contributions[m])
        for m in before.contributions
    ]
    numbers.append((say("ledger.total"), before.logit, after.logit))
    rows = [(name, signed(a, 3), signed(b, 3), signed(b - a, 3)) for name, a, b in numbers]
    points = say("whatif.points", points=signed(100 * change.probability, 1))
    chances = (percent(before.probability), percent(after.probability), points)
    return [*rows, (say("whatif.probability"), *chances)]
