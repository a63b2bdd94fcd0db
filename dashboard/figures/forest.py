"""Values with their intervals as a table with a bar in each row: a forest plot that is its table.

Pure functions of a record; every word from outside is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.foreign import escape
from dashboard.markup import signed
from dashboard.text import Texts
from mmbm.cohort.said import p_value
from mmbm.compare.figures import FindingReport
from mmbm.record.figures import Comparison, Figures, Interval

__all__ = [
    "Scale",
    "auroc_scale",
    "bar",
    "differences",
    "forest",
    "gain",
    "interval",
    "paired",
    "probability",
]


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of the bars, and the value at which there is nothing to see."""

    low: float
    high: float
    nothing: float

    def place(self, value: float) -> float:
        """Where a value lies, in per cent of the bar; what is beyond an end lies at the end."""
        return min(100.0, max(0.0, 100 * (value - self.low) / (self.high - self.low)))

    @property
    def step(self) -> int:
        """Decimals of the numbers at its ends."""
        return 1 if self.high - self.low >= 0.2 else 2


def auroc_scale(figures: Sequence[Figures]) -> Scale:
    """From the lowest bound, 0.5 at most, to 1; chance is marked."""
    lowest = min([0.5, *((f.auroc_ci or (f.auroc,))[0] for f in figures if f.auroc is not None)])
    return Scale(max(0.0, math.floor(10 * lowest) / 10), 1.0, 0.5)


def forest(rows: Sequence[tuple[str, Figures]], say: Texts) -> str:
    """AUROC with its interval, one row a name, with what stands behind it; what has none is left
    out."""
    known = [(name, f) for name, f in rows if f.auroc is not None]
    scale = auroc_scale([f for _, f in known])
    drawn = any(f.assembled for _, f in known)
    counted = ("patients", "cases", "positives", *(["cases_assembled"] if drawn else []))
    body = []
    for name, f in known:
        value = f.auroc or 0.0
        counts = [f.patients, f.n, f.positives, *([f.assembled] if drawn else [])]
        cells = [f"{count:,}" for count in counts]
        body.append(_row(name, cells, interval(value, f.auroc_ci), value, f.auroc_ci, scale, f.few))
    return _table([say(f"model.{c}") for c in counted], say("model.auroc_ci"), body, scale, say)


def differences(rows: Sequence[tuple[str, Comparison]], say: Texts) -> str:
    """How much the first AUROC is above the second, one row a name; nothing is marked."""
    ends = [abs(bound) for _, c in rows for bound in (*c.difference_ci, c.difference)]
    most = math.ceil(20 * max([0.05, *ends])) / 20
    scale = Scale(-most, most, 0.0)
    body = []
    for name, c in rows:
        cells = [f"{c.patients:,}", f"{c.n:,}", f"{c.positives:,}", f"{c.assembled:,}"]
        written = gain(c.difference, c.difference_ci)
        body.append(_row(name, cells, written, c.difference, c.difference_ci, scale, c.few))
    heads = [say(f"model.{c}") for c in ("patients", "cases", "positives", "cases_assembled")]
    return _table(heads, say("model.difference"), body, scale, say)


def paired(found: FindingReport, say: Texts) -> str:
    """Each figure of each model less that of the first, with its p-values."""
    ends = [abs(bound) for d in found.differences for bound in (*d.ci, d.difference)]
    most = math.ceil(20 * max([0.05, *ends])) / 20
    scale = Scale(-most, most, 0.0)
    body = []
    for d in found.differences:
        name = f"{d.model} − {d.reference}, {say(f'paired.{d.figure}')}"
        cells = [probability(p) for p in (d.p, d.p_holm, d.delong_p)]
        body.append(
            _row(name, cells, gain(d.difference, d.ci), d.difference, d.ci, scale, found.few)
        )
    heads = [say(f"paired.{head}") for head in ("p", "holm", "delong")]
    return _table(heads, say("paired.difference"), body, scale, say)


def probability(p: float | None) -> str:
    """A p-value as it is written; "–" where there is none."""
    return "–" if p is None else p_value(p)


def _row(
    name: str,
    cells: Sequence[str],
    written: str,
    value: float,
    bounds: Interval | None,
    scale: Scale,
    few: bool,
) -> str:
    numbers = "".join(f'<td class="count">{escape(cell)}</td>' for cell in cells)
    mark = " †" if few else ""
    return (
        f'<tr{" class=faint" if few else ""}><th scope="row">{escape(name)}{mark}</th>{numbers}'
        f'<td class="value">{escape(written)}</td><td>{bar(value, bounds, scale)}</td></tr>'
    )


def _table(
    counts: Sequence[str], measured: str, body: Sequence[str], scale: Scale, say: Texts
) -> str:
    heads = "".join(f'<th scope="col" class="count">{escape(count)}</th>' for count in counts)
    low, nothing, high = (
        f"{value:.{scale.step}f}".replace("-", "−")
        for value in (scale.low, scale.nothing, scale.high)
    )
    middle = ""
    if scale.low < scale.nothing < scale.high:
        middle = f'<i style="left:{scale.place(scale.nothing):.1f}%">{nothing}</i>'
    axis = f'<span class="axis" aria-hidden="true"><i>{low}</i>{middle}<i>{high}</i></span>'
    return (
        '<div class="wide" tabindex="0"><table class="plain forest"><thead><tr>'
        f'<th scope="col">{escape(say("model.group_head"))}</th>{heads}'
        f'<th scope="col" class="value">{escape(measured)}</th>'
        f'<th scope="col" class="drawn">{axis}</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def bar(value: float, bounds: Interval | None, scale: Scale) -> str:
    """A square at the value on a line from bound to bound; the number beside it says the same."""
    low, high = bounds or (value, value)
    left, right = scale.place(low), scale.place(high)
    return (
        '<span class="range" aria-hidden="true">'
        f'<i class="nothing" style="left:{scale.place(scale.nothing):.1f}%"></i>'
        f'<i class="spread" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
        f'<i class="point" style="left:{scale.place(value):.1f}%"></i></span>'
    )


def interval(value: float, bounds: Interval | None) -> str:
    """ "0.91 (0.87–0.94)", or without the interval where there is none."""
    return f"{value:.2f} ({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else f"{value:.2f}"


def gain(value: float, bounds: Interval | None) -> str:
    """ "+0.012 (−0.004 … +0.030)"."""
    text = signed(value, 3)
    return f"{text} ({signed(bounds[0], 3)} … {signed(bounds[1], 3)})" if bounds else text
