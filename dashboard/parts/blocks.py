"""What the blocks of an evaluation share: title, figure, caption, and words for its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import plotly.graph_objects as go
import streamlit as st

from dashboard.foreign import escape
from dashboard.parts.chart import chart
from dashboard.text import Texts
from mmbm.record.figures import Comparison, Figures
from mmbm.record.record import ALL

__all__ = ["assessed", "block", "by_group", "leaning", "modalities", "picker", "sizes"]


def by_group(groups: Mapping[str, Mapping[str, Figures]], finding: str) -> dict[str, Figures]:
    """One finding's figures of each group that has them."""
    return {name: by[finding] for name, by in groups.items() if finding in by}


def assessed(groups: Mapping[str, Figures]) -> dict[str, Figures]:
    return {name: g for name, g in groups.items() if g.auroc is not None}


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
    chart(figure(), key, say)
    st.html(f'<div class="small">{escape(caption)}</div>')


def sizes(groups: Mapping[str, Figures], say: Texts, key: str = "model.size") -> str:
    """ "adults: 200 cases of 150 patients, 80 positive; children: …", with what is small."""
    named = [
        say(
            key, source=name, n=f"{g.n:,}", patients=f"{g.patients:,}", positives=f"{g.positives:,}"
        )
        + (f" ({say('model.few')})" if g.few else "")
        for name, g in groups.items()
    ]
    return "; ".join(named) + "." if named else ""


def leaning(groups: Iterable[Figures | Comparison], say: Texts) -> str:
    """A sentence on the assembled cases behind a figure, where there are any."""
    most = max((g.assembled for g in groups), default=0)
    return " " + say("model.assembled", n=f"{most:,}") if most else ""


def picker(key: str, names: Iterable[str], say: Texts) -> str:
    """Which source a block is about; all together first."""
    chosen: str = st.selectbox(
        say("model.source"),
        [ALL, *names],
        format_func=lambda s: say("model.overall") if s == ALL else s,
        key=key,
        label_visibility="collapsed",
    )
    return chosen


def modalities(name: str, say: Texts) -> str:
    """ "image+notes" in the reader's language."""
    parts = name.split("+")
    return " + ".join(say.name("modality", p) for p in parts)
