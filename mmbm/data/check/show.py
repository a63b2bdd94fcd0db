"""A check's report as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from mmbm.data.check.report import AssociationRow, DataReport, QualityRow
from mmbm.text import Say, name_of, sentence

__all__ = ["rich_tables"]

COUNTS = ("cases", "patients", "image", "notes", "audio", "all_three", "notes_naming")
ASSOCIATIONS = 15  # the strongest shown


def rich_tables(report: DataReport, say: Say = str) -> Iterator[Table]:
    """Remarks, balance, parts, associations and quality, in this order."""
    yield _table(
        say(sentence("data.table_of", file=report.manifest)),
        ("", *_heads(("remark", "examples"), say)),
        [
            (_head(r.severity, say), say(r.said), "; ".join(map(say, r.examples[:3])))
            for r in report.remarks
        ],
    )
    yield _table(
        _head("balance", say),
        (*_heads(("label", "split"), say), *report.sources),
        list(_balance(report)),
    )
    yield _table(
        _head("parts", say),
        _heads(("split", "source", *COUNTS), say),
        [(p.split, p.source, *(getattr(p, count) for count in COUNTS)) for p in report.parts],
    )
    yield _table(
        _head("associations", say),
        _heads(("label", "against", "within", "cramers_v", "theils_u", "groups"), say),
        [
            (
                a.label,
                a.against,
                a.within,
                f"{a.cramers_v:.2f}",
                f"{a.theils_u:.2f}",
                _groups(a, say),
            )
            for a in report.associations[:ASSOCIATIONS]
        ],
    )
    yield _table(
        _head("quality", say),
        _heads(("source", "part", "files", "unreadable", "figures"), say),
        [
            (q.source, _head(q.part, say), q.files, q.unreadable, _figures(q, say))
            for q in report.quality
        ],
    )


def _head(name: str, say: Say) -> str:
    return say(name_of("data.table", name))


def _heads(names: Iterable[str], say: Say) -> tuple[str, ...]:
    return tuple(_head(name, say) for name in names)


def _balance(report: DataReport) -> Iterator[tuple[str, ...]]:
    """A line a label and split."""
    for label in report.labels:
        for split in dict.fromkeys(row.split for row in report.balance):
            counts = {r.source: r.labels[label] for r in report.balance if r.split == split}
            sides = [
                f"{c.positive:,} / {c.negative:,}" if c and c.positive + c.negative else "–"
                for c in map(counts.get, report.sources)
            ]
            yield label, split, *sides


def _groups(row: AssociationRow, say: Say) -> str:
    return ", ".join(f"{say(name)} {n:,}+{p:,}" for name, n, p in row.named)


def _figures(row: QualityRow, say: Say) -> str:
    return ", ".join(
        say(
            sentence(
                "data.table_spread",
                name=name_of("data.table", name),
                median=s.median,
                least=s.least,
                greatest=s.greatest,
            )
        )
        for name, s in row.figures.items()
    )


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str | int, ...]]) -> Table:
    table = Table(*head, title=title, title_justify="left")
    for cells in rows:
        table.add_row(*(f"{c:,}" if isinstance(c, int) else escape(c) for c in cells))
    return table
