"""Where the evidence lies, and how opacities are told from normal films, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator

from mmbm.card.tables import markdown_table, marked, number, unseen, with_interval, written
from mmbm.findings import title
from mmbm.record import Record
from mmbm.record.figures import Figures, Located
from mmbm.text import Say, Sentence, known, name_of, sentence

__all__ = ["against_normal_table", "located_sentences", "located_table"]

NORMAL = ("group", "finding", "patients", "cases", "positives", "auroc", "recall", "specificity")
MARKED = ("group", "of", "patients", "films", "top", "chance", "auprc_place", "in_lungs")


def against_normal_table(record: Record, say: Say) -> str:
    """Cases with a finding against cases that a reader called normal, by view and age."""
    groups: dict[str, dict[str, dict[str, Figures]]] = dict(record.against_normal)
    groups |= {unseen(s): o.against_normal for s, o in record.leave_one_source_out.items()}
    return markdown_table(
        NORMAL,
        (
            _against(_group(source, group), finding, f)
            for source, by_group in groups.items()
            for group, by in by_group.items()
            for finding, f in by.items()
        ),
        say,
    )


def _group(source: str, group: str) -> Sentence:
    """A group of people or films of a source."""
    known_group = known(f"people.{group}")
    name = name_of("people", group) if known_group else group
    return sentence("card.marked_in", source=source, group=name)


def _against(group: str, finding: str, f: Figures) -> list[str]:
    sizes = [str(count) for count in (f.patients, f.n, f.positives)]
    rates = [with_interval(f, name) for name in ("auroc", "recall", "specificity")]
    return [marked(group, f), title(finding), *sizes, *rates]


def located_table(record: Record, say: Say) -> str:
    """Every figure on boxes and on marked events."""
    return markdown_table(MARKED, (_row(*row) for row in _all(record)), say)


def _all(record: Record) -> Iterator[tuple[str, str, Located]]:
    """Group, finding or event, and figures."""
    for kind, of in (("finding", record.boxes), ("event", record.moments)):
        for name, by in of.items():
            yield from ((source, name_of(kind, name), f) for source, f in by.items())
    for source, left in record.leave_one_source_out.items():
        for kind, found in (("finding", left.boxes), ("event", left.moments)):
            yield from ((unseen(source), name_of(kind, name), f) for name, f in found.items())


def _row(group: str, of: str, f: Located) -> list[str]:
    counts = [str(f.patients), str(f.n)]
    figures = [number(f.chance, 2), number(f.auprc), number(f.in_lungs, 2)]
    return [group, of, *counts, written(f.top, f.top_ci, 2), *figures]


def located_sentences(record: Record, say: Say) -> str:
    """The figures on boxes in words, a line each."""
    boxed = {title(name) for name in record.boxes}
    said = (
        sentence("card.top", source=group, finding=of, top=f.top, n=f.n, chance=f.chance)
        for group, of, f in _all(record)
        if f.in_lungs is not None or of in boxed
    )
    return "\n".join(f"- {say(line)}" for line in said)
