"""The evaluation of a model, one figure a block, each with its data, its number and interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import evaluation_figures as draw
from dashboard import figures, markup
from dashboard.text import Texts
from mmbm.evaluate.record import ALL

__all__ = ["evaluation", "training"]

Record = Mapping[str, Any]
POOLED = ""  # all sources together
COLUMNS = ("accuracy", "precision", "recall", "f1", "ece")


def evaluation(record: Record, finding: str, say: Texts) -> None:
    """All figures of one finding, two a row."""
    sources = {s: f[finding] for s, f in record.get("by_source", {}).items() if finding in f}
    overall = record.get("overall", {}).get(finding)
    left, right = st.columns(2, gap="medium")
    with left:
        by_source(sources, overall, say)
        reliability(record.get("reliability", {}).get(finding, {}).get(ALL), say)
        events(record.get("sound_events", {}), say)
    with right:
        by_modalities(record, finding, say)
        roc(record.get("roc", {}).get(finding, {}), sources, say)
        table(sources, overall, say)


def block(
    key: str,
    figure: Callable[[], go.Figure] | None,
    caption: str,
    say: Texts,
    *,
    titled: bool = True,
) -> None:
    """Title, figure and caption, or "not assessed"."""
    if titled:
        st.subheader(say(key), anchor=False)
    if figure is None:
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    st.plotly_chart(figure(), theme=None, config=figures.CONFIG, key=key)
    st.html(f'<div class="small">{escape(caption)}</div>')


def sizes(groups: Mapping[str, Record], say: Texts, key: str = "model.size") -> str:
    """ "adults: 200 cases of 150 patients, 80 positive; children: …"."""
    named = [
        say(
            key,
            source=name,
            n=f"{g['n']:,}",
            patients=f"{g.get('patients', 0):,}",
            positives=f"{g.get('positives', 0):,}",
        )
        for name, g in groups.items()
    ]
    return "; ".join(named) + "."


def assessed(groups: Mapping[str, Record]) -> dict[str, Record]:
    return {name: g for name, g in groups.items() if g.get("auroc") is not None}


def by_source(sources: Mapping[str, Record], overall: Record | None, say: Texts) -> None:
    rows = dict(assessed(sources))
    caption = say("model.by_source.caption", sizes=sizes(sources, say)) if sources else ""
    if overall and overall.get("auroc") is not None:
        rows[say("model.overall")] = overall
    figure = (lambda: draw.forest(list(rows.items()), say)) if rows else None
    block("model.by_source", figure, caption, say)


def by_modalities(record: Record, finding: str, say: Texts) -> None:
    """Each subset of parts, pooled or within one source."""
    apart = record.get("by_source_and_modalities", {})
    st.subheader(say("model.by_modalities"), anchor=False)
    source = st.selectbox(
        say("model.source"),
        [POOLED, *apart],
        format_func=lambda s: say("model.overall") if s == POOLED else s,
        key="model-source",
        label_visibility="collapsed",
    )
    subsets = record.get("by_modalities", {}) if source == POOLED else apart[source]
    known = assessed({name: f[finding] for name, f in subsets.items() if finding in f})
    rows = [(modalities(name, say), f) for name, f in known.items()]
    count = max((f["n"] for f in known.values()), default=0)
    caption = say("model.by_modalities.caption", n=f"{count:,}")
    figure = (lambda: draw.forest(rows, say)) if rows else None
    block("model.by_modalities", figure, caption, say, titled=False)


def modalities(name: str, say: Texts) -> str:
    """ "image+notes" in the reader's language."""
    parts = name.split("+")
    return " + ".join(say.strings.get(f"modality.{p}", p) for p in parts)


def reliability(bins: list[Record] | None, say: Texts) -> None:
    used = [b for b in bins or [] if b["n"]]
    count = sum(b["n"] for b in used)
    caption = say("model.reliability.caption", n=f"{count:,}", bins=len(used))
    block(
        "model.reliability", (lambda: draw.reliability(used, say)) if used else None, caption, say
    )


def roc(curves: Mapping[str, Any], sources: Mapping[str, Record], say: Texts) -> None:
    shown = {name: f for name, f in sources.items() if name in curves}
    caption = say("model.roc.caption", sizes=sizes(shown, say)) if shown else ""
    block("model.roc", (lambda: draw.roc(curves, say)) if curves else None, caption, say)


def events(heard: Mapping[str, Record], say: Texts) -> None:
    known = {say.name("event", name): f for name, f in assessed(heard).items()}
    caption = (
        say("model.events.caption", sizes=sizes(known, say, "model.event_size")) if known else ""
    )
    figure = (lambda: draw.forest(list(known.items()), say)) if known else None
    block("model.events", figure, caption, say)


def table(sources: Mapping[str, Record], overall: Record | None, say: Texts) -> None:
    """The usual figures at a threshold of 0.5, one row a source."""
    st.subheader(say("model.table"), anchor=False)
    rows = dict(sources) | ({say("model.overall"): overall} if overall else {})
    if not rows:
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    cells = [
        (name, f"{g['n']:,}", f"{g.get('positives', 0):,}", *(number(g.get(c)) for c in COLUMNS))
        for name, g in rows.items()
    ]
    heads = ("source", "cases", "positives", *COLUMNS)
    st.html(markup.facts_table(cells, head=[say(f"model.{h}") for h in heads]))


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def training(log: pd.DataFrame | None, finding: str, say: Texts) -> None:
    """The training history."""
    usable = log is not None and "epoch" in log.columns and len(log) > 0
    figure = (lambda: draw.history(log, finding, say)) if usable and log is not None else None
    block("model.history", figure, say("model.history.caption"), say)
