"""Where the model's evidence lies, by its record: in radiologists' boxes, in marked events."""

from __future__ import annotations

from dashboard.figures import forest
from dashboard.parts.blocks import share, small, table, title
from dashboard.parts.sources import source_name, unseen_name
from dashboard.text import Texts
from mmbm.record import Record
from mmbm.record.figures import Located

__all__ = ["boxed", "moments"]

FIGURES = ("marked.top", "marked.chance", "marked.auprc")


def boxed(record: Record, finding: str, say: Texts) -> None:
    """How often the strongest place of a film's map lies where radiologists drew a box."""
    title("model.marked", say)
    rows = [(source_name(s, say), f) for s, f in record.boxes.get(finding, {}).items()]
    for source, left in record.leave_one_source_out.items():
        if finding in left.boxes:
            rows.append((unseen_name(source, say), left.boxes[finding]))
    heads = ("source", "patients", "marked.films", *FIGURES, "marked.lungs")
    table(
        ((name, *figures(f), share(f.in_lungs, 0)) for name, f in rows),
        [f"model.{head}" for head in heads],
        say,
    )
    small(say("model.marked.caption") if rows else say("model.marked.none"))


def moments(record: Record, say: Texts) -> None:
    """How often the strongest moment of a recording's map lies while the event sounds."""
    title("model.moments", say)
    rows = [
        (say.name("event", event), source_name(source, say), *figures(f))
        for event, by in record.moments.items()
        for source, f in by.items()
    ]
    heads = ("moments.of", "source", "patients", "marked.sounds", *FIGURES)
    table(rows, [f"model.{head}" for head in heads], say)
    small(say("model.moments.caption"))


def figures(f: Located) -> tuple[str, ...]:
    """Size, share with its interval, chance, and the map against the marks place by place."""
    precision = "–" if f.auprc is None else f"{f.auprc:.2f}"
    counts = (f"{f.patients:,}", f"{f.n:,}")
    return *counts, forest.interval(f.top, f.top_ci), f"{f.chance:.2f}", precision
