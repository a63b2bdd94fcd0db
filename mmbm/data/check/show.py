"""A check's report as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from mmbm.data.check.report import AssociationRow, DataReport, QualityRow

__all__ = ["rich_tables"]

COUNTS = ("cases", "patients", "image", "notes", "audio", "all_three", "notes_naming")
ASSOCIATIONS = 15  # the strongest shown


def rich_tables(report: DataReport) -> Iterator[Table]:
    """Remarks, balance, parts, associations and quality, in this order."""
    yield _table(
        f"Remarks on {report.manifest}",
        ("", "remark", "for example"),
        [(r.severity, r.sentence, "; ".join(r.examples[:3])) for r in report.remarks],
    )
    yield _table(
        "Balance: positive / negative cases, by source",
        ("label", "split", *report.sources),
        list(_balance(report)),
    )
    yield _table(
        "Cases that have each part",
        ("split", "source", *(count.replace("_", " ") for count in COUNTS)),
        [(p.split, p.source, *(getattr(p, count) for count in COUNTS)) for p in report.parts],
    )
    yield _table(
        "What a label can be told from; groups as negative + positive cases",
        ("label", "from", "within", "Cramer's V", "Theil's U", "groups"),
        [
            (a.label, a.against, a.within, f"{a.cramers_v:.2f}", f"{a.theils_u:.2f}", _groups(a))
            for a in report.associations[:ASSOCIATIONS]
        ],
    )
    yield _table(
        "Quality: median (least to greatest)",
        ("source", "part", "files", "unreadable", "figures"),
        [(q.source, q.part, q.files, q.unreadable, _figures(q)) for q in report.quality],
    )


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


def _groups(row: AssociationRow) -> str:
    return ", ".join(f"{name} {n:,}+{p:,}" for name, (n, p) in row.groups.items())


def _figures(row: QualityRow) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {s.median:.4g} ({s.least:.4g} to {s.greatest:.4g})"
        for name, s in row.figures.items()
    )


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str | int, ...]]) -> Table:
    table = Table(*head, title=title, title_justify="left")
    for cells in rows:
        table.add_row(*(f"{c:,}" if isinstance(c, int) else escape(c) for c in cells))
    return table
