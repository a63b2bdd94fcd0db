"""The account of one finding, base + contributions = logit, as a table with bars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.foreign import escape
from dashboard.markup import percent, signed
from dashboard.text import Texts
from mmbm.case import Modality
from mmbm.explain.ledger import Ledger

__all__ = ["Row", "account_table", "probability_ticks", "steps"]

PROBABILITIES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
TICKS = 5  # at most, for their labels to stand apart


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an account: a bar from ``start`` over ``length`` logits."""

    name: str
    start: float
    length: float
    kind: str  # base, raises, lowers, absent or total
    weight: float | None = None  # w_i, where the fusion has weights


def steps(
    account: Ledger,
    present: tuple[Modality, ...],
    weights: Mapping[Modality, float],
    say: Texts,
) -> list[Row]:
    """The lines of an account, each bar beginning where the one before ended; the total last."""
    rows = [Row(say("ledger.base"), 0.0, account.base, "base")]
    at = account.base
    for modality, share in account.contributions.items():
        kind = ("raises" if share > 0 else "lowers") if modality in present else "absent"
        name = say.name("modality", modality)
        rows.append(Row(name, at, share, kind, weights.get(modality)))
        at += share
    rows.append(Row(say("ledger.total"), 0.0, account.logit, "total"))
    return rows


def account_table(
    account: Ledger,
    present: tuple[Modality, ...],
    weights: Mapping[Modality, float],
    say: Texts,
) -> str:
    """Name, fusion weight, bar and log-odds of each part, with the probability below."""
    rows = steps(account, present, weights, say)
    ends = [0.0, *(row.start for row in rows), *(row.start + row.length for row in rows)]
    low, high = min(ends), max(ends)
    room = max(0.4, 0.06 * (high - low))
    low, high = low - room, high + room

    def place(logit: float) -> float:
        return 100 * (logit - low) / (high - low)

    zero = f'<i class="zero" style="left:{place(0.0):.2f}%"></i>'
    lines = []
    for row in rows:
        left, right = sorted((place(row.start), place(row.start + row.length)))
        bar = f'<b class="{row.kind}" style="left:{left:.2f}%;width:{right - left:.2f}%"></b>'
        value = say("ledger.absent") if row.kind == "absent" else signed(row.length)
        weight = "" if row.weight is None else f"{row.weight:.2f}"
        lines.append(
            f'<tr class="{row.kind}"><th scope="row">{escape(row.name)}</th>'
            f'<td class="number">{weight}</td><td class="bar">{zero}{bar}</td>'
            f'<td class="number">{escape(value)}</td></tr>'
        )
    ticks = "".join(
        f'<span style="left:{place(logit_of(p)):.2f}%">{percent_tick(p)}</span>'
        for p in probability_ticks(low, high)
    )
    heads = "".join(
        f'<th scope="col"{kind}>{escape(head)}</th>'
        for head, kind in (
            (say("weights.part"), ""),
            (say("ledger.weight"), ' class="number"'),
            ("", ' aria-hidden="true"'),
            (say("ledger.axis"), ' class="number"'),
        )
    )
    return (
        f'<table class="account"><thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody>'
        f'<tfoot aria-hidden="true"><tr><td colspan="2">{escape(say("ledger.probability"))}</td>'
        f'<td class="ticks">{ticks}</td><td class="number">{percent(account.probability)}</td></tr>'
        "</tfoot></table>"
    )


def logit_of(probability: float) -> float:
    return math.log(probability / (1 - probability))


def probability_ticks(low: float, high: float) -> list[float]:
    """Round probabilities within a span of logits; evenly spaced ones where the span is short."""
    tenths = tuple(round(0.1 * i, 1) for i in range(1, 10))
    twentieths = tuple(round(0.05 * i, 2) for i in range(1, 20))
    for choice in (PROBABILITIES, tenths, twentieths):
        ticks = [p for p in choice if low <= logit_of(p) <= high]
        if len(ticks) >= 3:
            break
    apart = (high - low) / TICKS / 1.3
    kept: list[float] = []
    for p in ticks:
        if not kept or logit_of(p) - logit_of(kept[-1]) >= apart:
            kept.append(p)
    return kept


def percent_tick(probability: float) -> str:
    """0.05 -> "5 %", 0.001 -> "0.1 %"."""
    return f"{100 * probability:g} %"
