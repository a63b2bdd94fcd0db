"""Reader, model and both as a table: sensitivity and specificity with bars and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.figures.forest import Scale, bar, interval
from dashboard.foreign import escape
from dashboard.text import Texts
from mmbm.readers import Share, TeamRow

__all__ = ["shares_table", "standings_table"]

FEW = 20  # cases below which a share is grey
HEADS = (  # a bar has no head of its own
    ("answered", "count"),
    ("unsure", "count"),
    ("sensitivity", "value"),
    ("", "drawn"),
    ("specificity", "value"),
    ("", "drawn"),
)
SCALE = Scale(0.0, 1.0, 0.5)


def standings_table(rows: Sequence[TeamRow], say: Texts) -> str:
    """One row for the readers, the model and both, then one a reader."""
    heads = "".join(
        f'<th scope="col" class="{kind}">{escape(say(f"team.head.{name}") if name else "")}</th>'
        for name, kind in HEADS
    )
    return _wide(heads, [_standing(row, say) for row in rows], say("team.head.who"))


def _standing(row: TeamRow, say: Texts) -> str:
    name = say(f"team.role.{row.role}")
    if row.reader:
        name = say("team.of_reader", role=name, reader=row.reader)
    cells = "".join(f'<td class="count">{count:,}</td>' for count in (row.cases, row.unsure))
    shares = _cells(row.sensitivity, say) + _cells(row.specificity, say)
    return f'<tr><th scope="row">{escape(name)}</th>{cells}{shares}</tr>'


def shares_table(groups: Mapping[str, Share], head: str, measured: str, say: Texts) -> str:
    """A share of each group, such as how often reader and model agree."""
    heads = (
        f'<th scope="col" class="value">{escape(measured)}</th><th scope="col" class="drawn"></th>'
    )
    rows = [
        f'<tr><th scope="row">{escape(name)}</th>{_cells(share, say)}</tr>'
        for name, share in groups.items()
    ]
    return f'<div class="shares">{_wide(heads, rows, head)}</div>'


def _cells(share: Share | None, say: Texts) -> str:
    """Value with interval and counts, then its bar; or why there is none."""
    if share is None or share.value is None:
        none = say("team.no_reference" if share is None else "team.no_case")
        return f'<td class="value"><small>{escape(none)}</small></td><td></td>'
    few = " faint" if share.of < FEW else ""
    written = escape(interval(share.value, share.interval))
    counts = escape(say("team.of", count=f"{share.count:,}", of=f"{share.of:,}"))
    return (
        f'<td class="value{few}">{written}<small>{counts}</small></td>'
        f"<td>{bar(share.value, share.interval, SCALE)}</td>"
    )


def _wide(heads: str, rows: Sequence[str], first: str) -> str:
    return (
        '<div class="wide" tabindex="0"><table class="plain team"><thead><tr>'
        f'<th scope="col">{escape(first)}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
