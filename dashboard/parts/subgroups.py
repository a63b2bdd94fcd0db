"""Groups of people and films within each source, and cases told from normal ones."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.figures import forest
from dashboard.parts.blocks import assessed, block, by_group, small, table, title
from dashboard.parts.sources import source_name, unseen_name
from dashboard.text import Texts
from mmbm.record import Record
from mmbm.record.figures import Figures
from mmbm.text import sentence

__all__ = ["against_normal", "subgroups"]

KINDS = ("sex", "age", "view")
HEADS = ("source", "patients", "cases", "positives", "auroc", "recall", "specificity")


def subgroups(record: Record, finding: str, say: Texts) -> None:
    """By sex, age and view within each source."""
    title("model.subgroups", say)
    rows: list[tuple[str, Figures]] = []
    few: dict[str, list[str]] = {}
    for source, kinds in record.subgroups.items():
        named = source_name(source, say)
        for kind, groups in kinds.items():
            for name, f in by_group(groups, finding).items():
                group = group_name(kind, name, say)
                if f.n and (f.few or f.auroc is None):
                    few.setdefault(named, []).append(group)
                elif f.n:
                    rows.append((say.listed([named, group]), f))
    caption = say("model.subgroups.caption")
    if few:
        listed = say.several(_of(source, groups, say) for source, groups in few.items())
        caption += " " + say("model.subgroups.small", names=listed)
    absent = say.several(
        _of(source_name(source, say), [say.name("group", kind) for kind in missing], say)
        for source, kinds in record.subgroups.items()
        if (missing := [kind for kind in KINDS if kind not in kinds])
    )
    caption += " " + say("model.subgroups.absent", names=absent) if absent else ""
    drawn = (lambda: forest.forest(rows, say)) if rows else None
    block("model.subgroups", drawn, caption, say)
    if not rows:
        small(caption)


def _of(source: str, groups: list[str], say: Texts) -> str:
    """A source and what is said of it: "NIH: children, women"."""
    return say.of(sentence("card.source_kinds", source=source, kinds=say.listed(groups)))


def group_name(kind: str, name: str, say: Texts) -> str:
    """ "view AP", "children"."""
    return say.name("people", name) if kind == "people" else f"{say.name('group', kind)} {name}"


def against_normal(record: Record, finding: str, say: Texts) -> None:
    """A finding against cases that a reader called normal, by view and age."""
    groups: dict[str, Mapping[str, Mapping[str, Figures]]] = {
        source_name(source, say): by for source, by in record.against_normal.items()
    }
    for source, left in record.leave_one_source_out.items():
        groups[unseen_name(source, say)] = left.against_normal
    rows = {
        f"{source}, {say.name('people', group)}": f
        for source, by in groups.items()
        for group, f in by_group(by, finding).items()
    }
    known = {name: f for name, f in assessed(rows).items() if not f.few}
    title("model.against_normal", say)
    table(
        (
            (
                name,
                *(f"{count:,}" for count in (f.patients, f.n, f.positives)),
                *(
                    "–" if value is None else forest.interval(value, f.interval(rate))
                    for rate in ("auroc", "recall", "specificity")
                    for value in [getattr(f, rate)]
                ),
            )
            for name, f in known.items()
        ),
        [f"model.{head}" for head in HEADS],
        say,
    )
    few = say.several(name for name in rows if name not in known)
    caption = say("model.against_normal.caption")
    small(caption + (" " + say("model.subgroups.small", names=few) if few else ""))
