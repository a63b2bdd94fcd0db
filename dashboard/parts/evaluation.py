"""The evaluation of a model, one figure a block, each with its data, its number and interval."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import markup
from dashboard.figures import evaluation as draw
from dashboard.foreign import escape, verbatim
from dashboard.parts.blocks import (
    assessed,
    block,
    by_group,
    leaning,
    modalities,
    picker,
    sizes,
)
from dashboard.parts.located import against_normal, marked
from dashboard.text import Texts
from mmbm.record.figures import Comparison, Figures
from mmbm.record.record import ALL, Heard, Record

__all__ = ["evaluation", "table", "training"]

RATES = ("accuracy", "precision", "recall", "specificity", "f1")


def evaluation(record: Record, finding: str, say: Texts) -> None:
    """All figures of one finding: its status, then two blocks a row, then the table."""
    sources = by_group(record.by_source, finding)
    overall = record.overall.get(finding)
    standing(record, finding, say)
    left, right = st.columns(2, gap="medium")
    with left:
        by_source(sources, overall, say)
        alone(record, finding, say)
        reliability(record, finding, say)
        risk(record, finding, say)
    with right:
        by_modalities(record, finding, say)
        pairs(record, finding, say)
        roc(record, finding, sources, say)
        subgroups(record, finding, say)
    against_normal(record, finding, say)
    marked(record, finding, say)
    table(record, finding, say)
    events(record.sound_events, say)


def standing(record: Record, finding: str, say: Texts) -> None:
    """What the finding may be called, and what each source says for it."""
    status = record.status.get(finding)
    if status is None:
        return
    left = record.leave_one_source_out
    reasons = [
        heard_of(source, heard, record.real_parts[source][finding], say)
        for source, heard in status.sources.items()
    ] + [
        say("model.heard.unseen", said=heard_of(s, heard, left[s].by_finding[finding], say))
        for s, heard in status.unseen.items()
        if s in left
    ]
    if record.mined:
        reasons.append(say("model.mined", sources=", ".join(record.mined)))
    level = say(f"model.status.{status.level}")
    st.html(
        f'<div class="small"><b>{escape(level)}</b> {escape(" ".join(reasons))} '
        f"{escape(say('model.status.rule'))}</div>"
    )


def heard_of(source: str, heard: Heard, f: Figures, say: Texts) -> str:
    """What one source says of a finding, and by which figure."""
    return say(
        f"model.heard.{heard}",
        source=source,
        auroc=draw.interval(f.auroc or 0.0, f.auroc_ci),
        few=min(f.positives, f.n - f.positives),
        n=f"{f.n:,}",
    )


def by_source(sources: Mapping[str, Figures], overall: Figures | None, say: Texts) -> None:
    rows = assessed(sources)
    caption = say("model.by_source.caption", sizes=sizes(sources, say)) if sources else ""
    if overall and overall.auroc is not None:
        rows[say("model.overall")] = overall
    figure = (lambda: draw.forest(list(rows.items()), say)) if rows else None
    block("model.by_source", figure, caption + leaning(rows.values(), say), say)


def alone(record: Record, finding: str, say: Texts) -> None:
    """Real parts only, of models that knew the source and of ones that did not."""
    rows = by_group(record.real_parts, finding)
    for source, left in record.leave_one_source_out.items():
        if finding in left.by_finding:
            rows[say("model.unseen", source=source)] = left.by_finding[finding]
    known = assessed(rows)
    caption = say("model.real_parts.caption", sizes=sizes(rows, say))
    if not record.leave_one_source_out:
        caption += " " + say("model.leave_out.not_assessed")
    figure = (lambda: draw.forest(list(known.items()), say)) if known else None
    block("model.real_parts", figure, caption, say)


def by_modalities(record: Record, finding: str, say: Texts) -> None:
    """Each subset of parts, pooled or within one source."""
    apart = record.by_source_and_modalities
    st.subheader(say("model.by_modalities"), anchor=False)
    source = picker("model-source", apart, say)
    subsets = record.by_modalities if source == ALL else apart[source]
    known = assessed(by_group(subsets, finding))
    rows = [(modalities(name, say), f) for name, f in known.items()]
    count = max((f.n for f in known.values()), default=0)
    caption = say("model.by_modalities.caption", n=f"{count:,}") + leaning(known.values(), say)
    figure = (lambda: draw.forest(rows, say)) if rows else None
    block("model.by_modalities", figure, caption, say, titled=False)


def pairs(record: Record, finding: str, say: Texts) -> None:
    """Fused against the best part by itself; the film with its real note; the swapped control."""
    rows: list[tuple[str, Comparison]] = []
    for key, table in (
        ("single", record.fused_against_single),
        ("real", record.real_pairs),
        ("shuffled", record.shuffled),
    ):
        for source, pair in table.get(finding, {}).items():
            best = modalities(pair.second, say)
            name = say(f"model.pairs.{key}", source=source, best=best)
            rows.append((f"{name} ({say('model.few')})" if pair.few else name, pair))
    caption = say("model.pairs.caption") + leaning((pair for _, pair in rows), say)
    block("model.pairs", (lambda: draw.differences(rows, say)) if rows else None, caption, say)


def reliability(record: Record, finding: str, say: Texts) -> None:
    curves = record.reliability.get(finding, {})
    st.subheader(say("model.reliability"), anchor=False)
    source = picker("model-reliability-source", (s for s in curves if s != ALL), say)
    used = [b for b in curves.get(source, ()) if b.n]
    count = sum(b.n for b in used)
    caption = say("model.reliability.caption", n=f"{count:,}", bins=len(used))
    found = record.overall if source == ALL else record.by_source.get(source, {})
    if (f := found.get(finding)) and f.ece is not None and f.ece_floor is not None:
        caption += " " + say(
            "model.reliability.ece", ece=f"{f.ece:.3f}", floor=f"{f.ece_floor:.3f}"
        )
        caption += leaning([f], say)
    figure = (lambda: draw.reliability(used, say)) if used else None
    block("model.reliability", figure, caption, say, titled=False)


def roc(record: Record, finding: str, sources: Mapping[str, Figures], say: Texts) -> None:
    curves = record.roc.get(finding, {})
    shown = {name: f for name, f in sources.items() if name in curves}
    caption = say("model.roc.caption", sizes=sizes(shown, say)) if shown else ""
    figure = (lambda: draw.roc(curves, say)) if curves else None
    block("model.roc", figure, caption + leaning(shown.values(), say), say)


def risk(record: Record, finding: str, say: Texts) -> None:
    curves = record.risk_coverage.get(finding, {})
    caption = say("model.risk.caption") + leaning(by_group(record.by_source, finding).values(), say)
    block("model.risk", (lambda: draw.risk(curves, say)) if curves else None, caption, say)


def subgroups(record: Record, finding: str, say: Texts) -> None:
    """By sex, age and view within each source."""
    rows = {
        f"{source}, {group_name(kind, name, say)}": by[finding]
        for source, kinds in record.subgroups.items()
        for kind, groups in kinds.items()
        for name, by in groups.items()
        if finding in by and by[finding].n
    }
    shown = {name: f for name, f in assessed(rows).items() if not f.few}
    small = ", ".join(name for name in rows if name not in shown)
    caption = say("model.subgroups.caption", sizes=sizes(shown, say))
    caption += " " + say("model.subgroups.small", names=small) if small else ""
    absent = "; ".join(
        f"{source}: {', '.join(say.name('group', kind) for kind in missing)}"
        for source, kinds in record.subgroups.items()
        if (missing := [kind for kind in ("sex", "age", "view") if kind not in kinds])
    )
    caption += " " + say("model.subgroups.absent", names=absent) if absent else ""
    figure = partial(draw.forest, list(shown.items()), say) if shown else None
    block("model.subgroups", figure, caption, say)


def group_name(kind: str, name: str, say: Texts) -> str:
    """ "view AP", "children"."""
    return say.name("people", name) if kind == "people" else f"{say.name('group', kind)} {name}"


def events(heard: Mapping[str, Figures], say: Texts) -> None:
    known = {say.name("event", name): f for name, f in assessed(heard).items()}
    caption = (
        say("model.events.caption", sizes=sizes(known, say, "model.event_size")) if known else ""
    )
    figure = (lambda: draw.forest(list(known.items()), say)) if known else None
    block("model.events", figure, caption, say)


def table(record: Record, finding: str, say: Texts) -> None:
    """The usual figures at the operating point, with the confusion matrix, one row a source."""
    point = say(f"model.point.{record.operating_point}")
    st.subheader(verbatim(say("model.table", point=point)), anchor=False)
    rows = by_group(record.by_source, finding)
    if (overall := record.overall.get(finding)) is not None:
        rows[say("model.overall")] = overall
    if not rows:
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    cells = [
        (
            name,
            *(f"{count:,}" for count in (g.n, g.assembled, g.positives)),
            f"{g.threshold:.2f}",
            *(number(getattr(g, rate), g.interval(rate)) for rate in ("auprc", *RATES)),
            *(
                "–" if count is None else f"{count:,}"
                for count in (
                    g.true_positives,
                    g.false_positives,
                    g.false_negatives,
                    g.true_negatives,
                )
            ),
        )
        for name, g in rows.items()
    ]
    heads = (
        "source", "cases", "cases_assembled", "positives", "threshold", "auprc", *RATES, "tp", "fp",
        "fn", "tn",
    )  # fmt: skip
    rates = markup.facts_table(cells, head=[say(f"model.{h}") for h in heads])
    st.html(f'<div class="wide" tabindex="0">{rates}</div>')
    st.html(f'<div class="small">{escape(leaning(rows.values(), say))}</div>')


def number(value: float | None, bounds: tuple[float, float] | None) -> str:
    return "–" if value is None else draw.interval(value, bounds)


def training(log: pd.DataFrame | None, finding: str, say: Texts) -> None:
    """The training history."""
    usable = log is not None and "epoch" in log.columns and len(log) > 0
    figure = (lambda: draw.history(log, finding, say)) if usable and log is not None else None
    block("model.history", figure, say("model.history.caption"), say)
