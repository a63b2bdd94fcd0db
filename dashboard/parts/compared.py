"""Two records side by side: which is higher where, by how much, and of which cases."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard import markup
from dashboard.figures.forest import Scale, auroc_scale, bar, interval
from dashboard.foreign import escape
from dashboard.parts.sources import source_name
from dashboard.text import Texts
from mmbm.compare.records import Pair, Verdict
from mmbm.record import Record
from mmbm.record.figures import Figures

__all__ = ["headline", "only_one", "pairs_table", "rates"]

HEADS = ("finding", "source", "patients", "auroc", "less", "verdict")


def headline(found: list[Pair], say: Texts) -> str:
    """A sentence a finding: in which sources one is clearly higher."""
    lines = []
    for finding in dict.fromkeys(pair.finding for pair in found):
        by: dict[Verdict, list[str]] = {}
        for pair in found:
            if pair.finding == finding:
                by.setdefault(pair.verdict, []).append(source_name(pair.source, say))
        told = [
            say(f"compare.says.{verdict}", sources=say("findings.then").join(by[verdict]))
            for verdict in ("this", "other", "unclear", "few")
            if verdict in by
        ]
        named = escape(say.name("finding", finding))
        lines.append(f"<li><b>{named}</b> {escape(' '.join(told))}</li>")
    return f'<ul class="said">{"".join(lines)}</ul>'


def only_one(first: Record, second: Record, say: Texts) -> str:
    """Findings and sources that stand in one record alone."""
    told = []
    for who, one, two in (("this", first, second), ("other", second, first)):
        named = [say.name("finding", f) for f in one.overall if f not in two.overall]
        named += [source_name(s, say) for s in one.by_source if s not in two.by_source]
        if named:
            told.append(say(f"compare.only.{who}", names=say("findings.then").join(named)))
    return " ".join(told)


def pairs_table(found: list[Pair], say: Texts) -> str:
    """One row a finding and source, both AUROCs on one axis."""
    scale = auroc_scale([f for pair in found for f in (pair.this, pair.other)])
    heads = "".join(f'<th scope="col">{escape(say(f"compare.head.{h}"))}</th>' for h in HEADS)
    body = "".join(_row(pair, scale, say) for pair in found)
    return (
        '<div class="wide" tabindex="0"><table class="plain compared">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(pair: Pair, scale: Scale, say: Texts) -> str:
    counts = escape(f"{pair.this.patients:,}")
    if not pair.as_many:
        counts = escape(
            say(
                "compare.patients",
                this=f"{pair.this.patients:,}",
                other=f"{pair.other.patients:,}",
            )
        )
        counts += f"<small>{escape(say('compare.other_cases'))}</small>"
    cells = (
        escape(source_name(pair.source, say)),
        counts,
        _line(say("compare.this"), pair.this, scale)
        + _line(say("compare.other"), pair.other, scale),
        markup.signed(pair.less, 3),
        escape(say(f"compare.verdict.{pair.verdict}")),
    )
    faint = " class=faint" if pair.verdict == "few" else ""
    tds = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr{faint}><th scope="row">{escape(say.name("finding", pair.finding))}</th>{tds}</tr>'


def _line(who: str, f: Figures, scale: Scale) -> str:
    value = f.auroc or 0.0
    return (
        f'<span class="line"><span>{escape(who)}</span>{bar(value, f.auroc_ci, scale)}'
        f"<b>{interval(value, f.auroc_ci)}</b></span>"
    )


def rates(first: Mapping[str, Figures], second: Mapping[str, Figures], say: Texts) -> str:
    """Every figure of the groups that both have, with its difference."""
    lines = [
        (source_name(name, say), say(f"model.{rate}"), *difference(f, second[name], rate))
        for name, f in first.items()
        if name in second
        for rate in ("auroc", "auprc", "recall", "specificity", "precision", "accuracy", "f1")
    ]
    heads = ("model.source", "compare.figure", "compare.this", "compare.other", "compare.less")
    return markup.facts_table(lines, head=[say(head) for head in heads])


def difference(first: Figures, second: Figures, rate: str) -> tuple[str, str, str]:
    """Both values with their intervals, and the first less the second."""
    values: list[float | None] = [getattr(f, rate) for f in (first, second)]
    written = [
        "–" if value is None else interval(value, f.interval(rate))
        for value, f in zip(values, (first, second), strict=True)
    ]
    one, two = values
    less = "–" if one is None or two is None else markup.signed(one - two, 3)
    return written[0], written[1], less
