"""A manifest's check -> tables with a bar in each row; pure functions of its report.

Every word from outside is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.foreign import escape
from dashboard.text import Texts
from mmbm.data.check.association import FOLLOWS
from mmbm.data.check.report import AssociationRow, BalanceRow, PartsRow, QualityRow, Spread

__all__ = ["associations", "balance", "cell_name", "label_name", "spreads"]

SIDES = ("positive", "negative", "unknown")


def label_name(label: str, say: Texts) -> str:
    """A finding's or a sound event's name in the reader's language."""
    kind, _, event = label.rpartition(":")
    return say.name("event", event) if kind == "sound" else say.name("finding", label)


def cell_name(row: BalanceRow | PartsRow, say: Texts) -> str:
    """ "nih · test"; a split of another name is shown as it stands."""
    return f"{row.source} · {say.strings.get(f'data.split.{row.split}', row.split)}"


def balance(rows: Sequence[BalanceRow], label: str, say: Texts) -> str:
    """Cases with, without and of unknown label, one bar a split and source."""
    most = max((sum(_counts(row, label)) for row in rows), default=1) or 1
    body = []
    for row in rows:
        counts = _counts(row, label)
        stack = "".join(
            f'<i class="{side}" style="width:{100 * count / most:.1f}%"></i>'
            for side, count in zip(SIDES, counts, strict=True)
        )
        drawn = f'<span class="stack" aria-hidden="true">{stack}</span>'
        body.append(_row(cell_name(row, say), [f"{count:,}" for count in counts], drawn))
    keys = "".join(f'<i class="{side}"></i>{escape(say(f"data.{side}"))} ' for side in SIDES)
    key = f'<span class="legend" aria-hidden="true">{keys}</span>'
    return _table([say("data.source"), *(say(f"data.{side}") for side in SIDES)], key, body)


def _counts(row: BalanceRow, label: str) -> list[int]:
    found = row.labels[label]
    return [found.positive, found.negative, found.unknown]


def associations(rows: Sequence[AssociationRow], say: Texts) -> str:
    """Cramer's V of label and group, the strongest on top, with the line of the warning."""
    body = [
        _row(
            association_name(row, say),
            [f"{row.cramers_v:.2f}", f"{row.theils_u:.2f}", groups(row, say)],
            f'<span class="range" aria-hidden="true">'
            f'<i class="share{" much" if row.cramers_v >= FOLLOWS else ""}" '
            f'style="width:{100 * min(1.0, row.cramers_v):.1f}%"></i>'
            f'<i class="nothing" style="left:{100 * FOLLOWS:.0f}%"></i></span>',
        )
        for row in rows
    ]
    heads = [say(f"data.{head}") for head in ("pair", "cramers_v", "theils_u", "groups")]
    return _table(heads, _axis("0", "1"), body)


def association_name(row: AssociationRow, say: Texts) -> str:
    """ "Pneumonia, by view in nih"."""
    label, group = label_name(row.label, say), say(f"data.against.{row.against}")
    key = "data.by_within" if row.within else "data.by"
    return say(key, label=label, group=group, within=row.within)


def groups(row: AssociationRow, say: Texts) -> str:
    """ "AP: 206 of 486 positive; PA: …"."""
    return say.several(
        f"{say.of(name)}: {positive:,} / {negative + positive:,}"
        for name, negative, positive in row.named
    )


def spreads(rows: Sequence[QualityRow], figure_name: str, say: Texts) -> str:
    """Quartiles and extremes of one figure, a box a source."""
    shown = [(row.source, row.figures[figure_name]) for row in rows if figure_name in row.figures]
    low = min((s.least for _, s in shown), default=0.0)
    high = max((s.greatest for _, s in shown), default=1.0)
    body = [_row(source, _five(s), _box(s, low, high)) for source, s in shown]
    heads = [say(f"data.{h}") for h in ("source", "least", "lower", "median", "upper", "greatest")]
    return _table(heads, _axis(_short(low), _short(high)), body)


def _five(s: Spread) -> list[str]:
    return [_short(value) for value in (s.least, s.lower, s.median, s.upper, s.greatest)]


def _short(value: float) -> str:
    """Three digits that matter, a true minus."""
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")


def _box(s: Spread, low: float, high: float) -> str:
    across = (high - low) or 1.0

    def place(value: float) -> float:
        return 100 * (value - low) / across

    return (
        '<span class="range" aria-hidden="true">'
        f'<i class="spread" style="left:{place(s.least):.1f}%;'
        f'width:{place(s.greatest) - place(s.least):.1f}%"></i>'
        f'<i class="box" style="left:{place(s.lower):.1f}%;'
        f'width:{place(s.upper) - place(s.lower):.1f}%"></i>'
        f'<i class="point" style="left:{place(s.median):.1f}%"></i></span>'
    )


def _axis(low: str, high: str) -> str:
    return f'<span class="axis" aria-hidden="true"><i>{escape(low)}</i><i>{escape(high)}</i></span>'


def _row(name: str, cells: Iterable[str], drawn: str) -> str:
    numbers = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{numbers}<td>{drawn}</td></tr>'


def _table(heads: Sequence[str], drawn: str, body: Sequence[str]) -> str:
    told = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        '<div class="wide" tabindex="0"><table class="plain forest"><thead>'
        f'<tr>{told}<th scope="col" class="drawn">{drawn}</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
