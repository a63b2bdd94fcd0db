"""How well a finding is told apart in each source, and what each input adds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.figures import evaluation as draw
from dashboard.figures import forest
from dashboard.foreign import verbatim
from dashboard.parts.blocks import (
    assessed,
    block,
    by_group,
    leaning,
    modalities,
    picker,
    sizes,
    small,
    table,
    title,
)
from dashboard.parts.sources import source_name, unseen_name
from dashboard.text import Texts
from mmbm.record import ALL, Record
from mmbm.record.figures import Comparison, Figures

__all__ = ["added", "sources"]

RATES = ("accuracy", "precision", "recall", "specificity", "f1")
COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
HEADS = ("source", "cases", "positives", "auprc", *RATES, "tp", "fp", "fn", "tn")


def sources(record: Record, finding: str, say: Texts) -> None:
    """Forests of real and of all inputs, the curves, and the figures at the operating point."""
    left, right = st.columns(2, gap="large")
    with left:
        alone(record, finding, say)
        by_source(record, finding, say)
    with right:
        roc(record, finding, say)
    operating_point(record, finding, say)


def alone(record: Record, finding: str, say: Texts) -> None:
    """Real inputs only, of models that knew the source and of ones that did not."""
    title("model.real_parts", say)
    rows = []
    for source, f in by_group(record.real_parts, finding).items():
        rows.append((source_name(source, say), f))
        left = record.leave_one_source_out.get(source)
        if left and finding in left.by_finding:
            rows.append((unseen_name(source, say), left.by_finding[finding]))
    known = [(name, f) for name, f in rows if f.auroc is not None]
    caption = f"{say('model.real_parts.caption')} {say('model.status.rule')}"
    if not record.leave_one_source_out:
        caption += " " + say("model.leave_out.not_assessed")
    drawn = (lambda: forest.forest(known, say)) if known else None
    block("model.real_parts", drawn, caption, say)


def by_source(record: Record, finding: str, say: Texts) -> None:
    """All inputs, assembled ones too."""
    title("model.by_source", say)
    rows = [
        (source_name(source, say), f)
        for source, f in assessed(by_group(record.by_source, finding)).items()
    ]
    overall = record.overall.get(finding)
    if rows and overall and overall.auroc is not None:
        rows.append((say("model.overall"), overall))
    caption = say("model.by_source.caption") + leaning((f for _, f in rows), say)
    drawn = (lambda: forest.forest(rows, say)) if rows else None
    block("model.by_source", drawn, caption, say)


def roc(record: Record, finding: str, say: Texts) -> None:
    title("model.roc", say)
    curves = record.roc.get(finding, {})
    shown = {n: f for n, f in by_group(record.by_source, finding).items() if n in curves}
    caption = say("model.roc.caption", sizes=sizes(shown, say)) if shown else ""
    named = {source_name(name, say): curve for name, curve in curves.items()}
    drawn = (lambda: draw.roc(named, say)) if curves else None
    block("model.roc", drawn, caption + leaning(shown.values(), say), say)


def operating_point(record: Record, finding: str, say: Texts) -> None:
    """The usual figures, with the confusion matrix, one row a source; real inputs only."""
    point = say(f"model.point.{record.operating_point}")
    rows = {
        source_name(source, say): f for source, f in by_group(record.real_parts, finding).items()
    }
    st.subheader(verbatim(say("model.table", point=point)), anchor=False)
    table(((name, *_cells(f)) for name, f in rows.items()), [f"model.{h}" for h in HEADS], say)
    thresholds = say.listed(sorted({f"{f.threshold:.2f}" for f in rows.values()}))
    if rows:
        small(say("model.table.caption", threshold=thresholds))


def _cells(f: Figures) -> tuple[str, ...]:
    counts = ("–" if (n := getattr(f, count)) is None else f"{n:,}" for count in COUNTS)
    rates = (number(getattr(f, rate), f.interval(rate)) for rate in ("auprc", *RATES))
    return (f"{f.n:,}", f"{f.positives:,}", *rates, *counts)


def number(value: float | None, bounds: tuple[float, float] | None) -> str:
    return "–" if value is None else forest.interval(value, bounds)


def added(record: Record, finding: str, say: Texts) -> None:
    """Each subset of inputs, pooled or within one source; and what more of them add."""
    by_modalities(record, finding, say)
    pairs(record, finding, say)


def by_modalities(record: Record, finding: str, say: Texts) -> None:
    title("model.by_modalities", say)
    apart = record.by_source_and_modalities
    source = picker("model-source", apart, say)
    subsets: Mapping[str, Mapping[str, Figures]] = (
        record.by_modalities if source == ALL else apart[source]
    )
    known = assessed(by_group(subsets, finding))
    rows = [(modalities(name, say), f) for name, f in known.items()]
    caption = say("model.by_modalities.caption") + leaning(known.values(), say)
    drawn = (lambda: forest.forest(rows, say)) if rows else None
    block("model.by_modalities", drawn, caption, say)


def pairs(record: Record, finding: str, say: Texts) -> None:
    """Fused against the best part by itself; the film with its real note; the swapped control."""
    title("model.pairs", say)
    rows: list[tuple[str, Comparison]] = []
    for key, compared in (
        ("single", record.fused_against_single),
        ("real", record.real_pairs),
        ("shuffled", record.shuffled),
    ):
        for source, pair in compared.get(finding, {}).items():
            best = modalities(pair.second, say)
            named = source_name(source, say)
            rows.append((say(f"model.pairs.{key}", source=named, best=best), pair))
    caption = say("model.pairs.caption") + leaning((pair for _, pair in rows), say)
    drawn = (lambda: forest.differences(rows, say)) if rows else None
    block("model.pairs", drawn, caption, say)
