"""Where the evidence lies, and how opacities are told from normal films, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator

from mmbm.card.tables import FEW, markdown_table, number, unseen, with_interval, written
from mmbm.findings import title
from mmbm.record.figures import Figures, Located
from mmbm.record.record import Record

__all__ = ["against_normal_table", "located_sentences", "located_table"]

NORMAL = ("group", "finding", "patients", "cases", "positives", "AUROC", "recall", "specificity")
MARKED = (
    "group", "of", "patients", "films or recordings", "top inside", "by chance",
    "AUPRC, place by place", "evidence in the lungs (median)",
)  # fmt: skip


def against_normal_table(record: Record) -> str:
    """Cases with a finding against cases that a reader called normal, by view and age."""
    groups = dict(record.against_normal)
    groups |= {unseen(s): o.against_normal for s, o in record.leave_one_source_out.items()}
    return markdown_table(
        NORMAL,
        (
            _against(f"{source}, {group}", finding, f)
            for source, by_group in groups.items()
            for group, by in by_group.items()
            for finding, f in by.items()
        ),
    )


def _against(group: str, finding: str, f: Figures) -> list[str]:
    sizes = [str(count) for count in (f.patients, f.n, f.positives)]
    rates = [with_interval(f, name) for name in ("auroc", "recall", "specificity")]
    return [group + (FEW if f.few else ""), title(finding), *sizes, *rates]


def located_table(record: Record) -> str:
    """Every figure on boxes and on marked events."""
    return markdown_table(MARKED, (_row(*row) for row in _all(record)))


def _all(record: Record) -> Iterator[tuple[str, str, Located]]:
    """Group, finding or event, and figures."""
    for of in (record.boxes, record.moments):
        for name, by in of.items():
            yield from ((source, title(name), f) for source, f in by.items())
    for source, left in record.leave_one_source_out.items():
        for name, f in (left.boxes | left.moments).items():
            yield unseen(source), title(name), f


def _row(group: str, of: str, f: Located) -> list[str]:
    counts = [str(f.patients), str(f.n)]
    figures = [number(f.chance, 2), number(f.auprc), number(f.in_lungs, 2)]
    return [group, of, *counts, written(f.top, f.top_ci, 2), *figures]


def located_sentences(record: Record) -> str:
    """The figures on boxes in words, a line each."""
    return "\n".join(
        f"- {group}: the top of the map of {of.lower()} lies in a radiologist's box in "
        f"{f.top:.2f} of {f.n} films, by chance in {f.chance:.2f}."
        for group, of, f in _all(record)
        if f.in_lungs is not None or of.lower() in record.boxes
    )
