"""Where the model's evidence lies, and how a finding is told from normal films, by its record."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import markup
from dashboard.figures import evaluation as draw
from dashboard.foreign import escape
from dashboard.parts.blocks import assessed, by_group
from dashboard.text import Texts
from mmbm.record.figures import Figures, Located
from mmbm.record.record import Record

__all__ = ["against_normal", "marked"]

HEADS = ("source", "marked.of", "marked.n", "marked.top", "marked.chance", "marked.auprc")


def against_normal(record: Record, finding: str, say: Texts) -> None:
    """A finding against cases that a reader called normal, by view and age."""
    groups: dict[str, Mapping[str, Mapping[str, Figures]]] = dict(record.against_normal)
    for source, left in record.leave_one_source_out.items():
        groups[say("model.unseen", source=source)] = left.against_normal
    rows = {
        f"{source}, {say.name('people', group)}": f
        for source, by in groups.items()
        for group, f in by_group(by, finding).items()
    }
    known = {name: f for name, f in assessed(rows).items() if not f.few}
    if not known:
        return
    st.subheader(say("model.against_normal"), anchor=False)
    cells = [
        (
            name,
            *(f"{count:,}" for count in (f.patients, f.n, f.positives)),
            *(
                "–" if value is None else draw.interval(value, f.interval(rate))
                for rate in ("auroc", "recall", "specificity")
                for value in [getattr(f, rate)]
            ),
        )
        for name, f in known.items()
    ]
    heads = ("source", "patients", "cases", "positives", "auroc", "recall", "specificity")
    table = markup.facts_table(cells, head=[say(f"model.{head}") for head in heads])
    st.html(f'<div class="wide" tabindex="0">{table}</div>')
    small = "; ".join(name for name in rows if name not in known)
    caption = say("model.against_normal.caption")
    caption += " " + say("model.subgroups.small", names=small) if small else ""
    st.html(f'<div class="small">{escape(caption)}</div>')


def marked(record: Record, finding: str, say: Texts) -> None:
    """How often a map's strongest place lies where people marked what they saw or heard."""
    rows = [(s, say.name("finding", finding), f) for s, f in record.boxes.get(finding, {}).items()]
    for source, left in record.leave_one_source_out.items():
        if finding in left.boxes:
            name = say("model.unseen", source=source)
            rows.append((name, say.name("finding", finding), left.boxes[finding]))
    rows += [
        (source, say.name("event", event), f)
        for event, by in record.moments.items()
        for source, f in by.items()
    ]
    st.subheader(say("model.marked"), anchor=False)
    if not rows:
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    cells = [(source, of, *figures(f)) for source, of, f in rows]
    table = markup.facts_table(cells, head=[say(f"model.{head}") for head in HEADS])
    st.html(f'<div class="wide" tabindex="0">{table}</div>')
    boxed = [
        say("model.marked.said", source=source, top=f"{f.top:.2f}", n=f"{f.n:,}",
            chance=f"{f.chance:.2f}")
        for source, of, f in rows
        if of == say.name("finding", finding)
    ]  # fmt: skip
    inside = [f"{s} {f.in_lungs:.0%}" for s, _, f in rows if f.in_lungs is not None]
    lungs = say("model.marked.lungs", shares=", ".join(inside)) if inside else ""
    said = " ".join([*boxed, lungs, say("model.marked.caption")])
    st.html(f'<div class="small">{escape(said)}</div>')


def figures(f: Located) -> tuple[str, str, str, str]:
    """Size, share with its interval, chance, and the map against the marks place by place."""
    precision = "–" if f.auprc is None else f"{f.auprc:.2f}"
    return f"{f.n:,}", draw.interval(f.top, f.top_ci), f"{f.chance:.2f}", precision
