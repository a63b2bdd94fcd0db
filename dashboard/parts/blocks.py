"""What the blocks of an evaluation share: title, figure, caption, and words for its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard import markup
from dashboard.foreign import escape, verbatim
from dashboard.parts.chart import chart
from dashboard.parts.sources import source_name
from dashboard.text import Texts
from mmbm.compare.records import by_group
from mmbm.record import ALL
from mmbm.record.figures import Comparison, Figures

__all__ = [
    "assessed",
    "blank",
    "block",
    "by_group",
    "leaning",
    "modalities",
    "pick_finding",
    "picker",
    "share",
    "sizes",
    "small",
    "table",
    "title",
    "with_files",
]


def pick_finding(findings: Sequence[str], key: str, say: Texts) -> str:
    """Which finding a page is about."""
    chosen = st.segmented_control(
        say("model.finding"),
        findings,
        default=findings[0],
        format_func=lambda finding: verbatim(say.name("finding", finding)),
        key=key,
        label_visibility="collapsed",
        required=True,
    )
    return chosen or findings[0]


def assessed(groups: Mapping[str, Figures]) -> dict[str, Figures]:
    return {name: g for name, g in groups.items() if g.auroc is not None}


def title(key: str, say: Texts, **names: str) -> None:
    """A heading; ``names`` from outside stand in it as they are."""
    st.subheader(verbatim(say(key, **names)) if names else say(key), anchor=False)


def small(text: str) -> None:
    """A caption."""
    if text.strip():
        st.html(f'<div class="small">{escape(text.strip())}</div>')


def with_files(text: str, key: str, zipped: Callable[[], bytes], name: str, say: Texts) -> None:
    """A caption, and beside it a button, worded by ``key``, for all of it as one ZIP."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="small">{escape(text)}</div>', width="stretch")
        st.download_button(
            say(key), zipped, file_name=name, mime="application/zip", on_click="ignore"
        )


def blank(say: Texts, key: str = "model.not_assessed") -> None:
    st.html(f'<div class="blank">{escape(say(key))}</div>')


def block(key: str, drawn: Callable[[], go.Figure | str] | None, caption: str, say: Texts) -> None:
    """Figure and caption, or "not assessed"; a figure is plotly's, or a table in HTML."""
    if drawn is None:
        blank(say)
        return
    figure = drawn()
    if isinstance(figure, str):
        st.html(figure)
    else:
        chart(figure, key, say)
    small(caption)


def table(
    rows: Iterable[tuple[str, ...]],
    heads: Iterable[str],
    say: Texts,
    none: str = "model.not_assessed",
) -> None:
    """Cells as text below the words of ``heads``; or the sentence that says why there are none."""
    cells = list(rows)
    if not cells:
        blank(say, none)
        return
    made = markup.facts_table(cells, head=[say(head) for head in heads])
    st.html(f'<div class="wide" tabindex="0">{made}</div>')


def sizes(groups: Mapping[str, Figures], say: Texts, key: str = "model.size") -> str:
    """ "NIH: 200 cases of 150 patients, 80 positive; SIIM: …", with what is small."""
    named = [
        say(
            key,
            source=source_name(name, say),
            n=f"{g.n:,}",
            patients=f"{g.patients:,}",
            positives=f"{g.positives:,}",
        )
        + (say("model.few") if g.few else "")
        for name, g in groups.items()
    ]
    return say("model.sizes", named=say.several(named)) if named else ""


def leaning(groups: Iterable[Figures | Comparison], say: Texts) -> str:
    """A sentence on the assembled cases behind a figure, where there are any."""
    most = max((g.assembled for g in groups), default=0)
    return " " + say("model.assembled", n=f"{most:,}") if most else ""


def share(value: float | None, digits: int = 1) -> str:
    """ "91.4 %"."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def picker(key: str, names: Iterable[str], say: Texts) -> str:
    """Which source a block is about; all together first."""
    chosen: str = st.selectbox(
        say("model.source"),
        [ALL, *names],
        format_func=lambda s: say("model.overall") if s == ALL else source_name(s, say),
        key=key,
        label_visibility="collapsed",
    )
    return chosen


def modalities(name: str, say: Texts) -> str:
    """ "image+notes" in the reader's language."""
    parts = name.split("+")
    return " + ".join(say.name("modality", p) for p in parts)
