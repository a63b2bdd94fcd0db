"""Compare: this model's record beside another's, and whether the same cases stand behind both."""

from __future__ import annotations

import streamlit as st

from dashboard import markup, models, state
from dashboard.figures import forest
from dashboard.foreign import escape, verbatim
from dashboard.parts.blocks import by_group, leaning
from dashboard.text import Texts
from mmbm.card import read_card
from mmbm.errors import MMBMError
from mmbm.model.checkpoint import find, shipped
from mmbm.record.figures import Figures
from mmbm.record.record import Record, parse_record

RATES = ("auroc", "auprc", "accuracy", "precision", "recall", "specificity", "f1")


def other(say: Texts) -> Record | None:
    """The record to compare with: a file, or a shipped model's."""
    left, right = st.columns(2, gap="medium")
    with left:
        names = [name for name in shipped() if find(name) != models.predictor().folder]
        chosen = st.selectbox(say("compare.shipped"), names, index=None, key="compare-shipped")
    with right:
        given = st.file_uploader(say("compare.file"), type="json", key="compare-file")
    if given is not None:
        return parse_record(given.getvalue())
    return read_card(find(chosen)).evaluation if chosen else None


def identities(first: Record, second: Record, say: Texts) -> None:
    """What each record is of, and whether they can be compared."""
    rows = [
        (say("model.name"), *(f"{r.model.name} {r.model.version}" for r in (first, second))),
        (say("model.sha"), first.model.sha256, second.model.sha256),
        (say("compare.cases"), *(r.test_sha256 or "–" for r in (first, second))),
        (say("compare.code"), *(str(r.pipeline_version or "–") for r in (first, second))),
        (
            say("compare.point"),
            *(say(f"model.point.{r.operating_point}") for r in (first, second)),
        ),
    ]
    st.html(markup.facts_table(rows, head=["", say("compare.this"), say("compare.other")]))
    if not first.test_sha256 or not second.test_sha256:
        st.warning(say("compare.unknown"))
    elif first.test_sha256 == second.test_sha256:
        st.info(say("compare.same"))
    else:
        st.warning(say("compare.different"))


def side_by_side(
    first: dict[str, Figures], second: dict[str, Figures], key: str, say: Texts
) -> None:
    """AUROCs as a forest, then every figure with its difference, of the groups that both have."""
    st.subheader(say(key), anchor=False)
    shared = [name for name in first if name in second]
    rows = [
        (say(f"compare.{who}_of", source=name), found[name])
        for name in shared
        for who, found in (("this", first), ("other", second))
    ]
    if not any(f.auroc is not None for _, f in rows):
        st.html(f'<div class="blank">{escape(say("model.not_assessed"))}</div>')
        return
    st.html(forest.forest(rows, say))
    lines = [
        (name, say(f"model.{rate}"), *difference(first[name], second[name], rate))
        for name in shared
        for rate in RATES
    ]
    heads = ("model.source", "compare.figure", "compare.this", "compare.other", "compare.less")
    st.html(markup.facts_table(lines, head=[say(head) for head in heads]))
    about = say("compare.caption") + leaning((f for _, f in rows), say)
    st.html(f'<div class="small">{escape(about)}</div>')


def difference(first: Figures, second: Figures, rate: str) -> tuple[str, str, str]:
    """Both values with their intervals, and the first less the second."""
    values: list[float | None] = [getattr(f, rate) for f in (first, second)]
    written = [
        "–" if value is None else forest.interval(value, f.interval(rate))
        for value, f in zip(values, (first, second), strict=True)
    ]
    one, two = values
    less = "–" if one is None or two is None else markup.signed(one - two, 3)
    return written[0], written[1], less


def page(say: Texts) -> None:
    """Choose, name both, and show."""
    mine = read_card(models.predictor().folder).evaluation
    if mine is None:
        st.error(say("model.fault.no_record"))
        return
    second = other(say)
    if second is None:
        st.html(f'<div class="blank">{escape(say("compare.none"))}</div>')
        return
    identities(mine, second, say)
    findings = [f for f in mine.overall if f in second.overall]
    if not findings:
        st.warning(say("compare.no_finding"))
        return
    finding = st.segmented_control(
        say("model.finding"),
        findings,
        default=findings[0],
        format_func=lambda finding: verbatim(say.name("finding", finding)),
        key="compare-finding",
        required=True,
    )
    left, right = st.columns(2, gap="medium")
    for column, key, section in (
        (left, "model.by_source", "by_source"),
        (right, "model.real_parts", "real_parts"),
    ):
        with column:
            pair = [by_group(getattr(r, section), finding or findings[0]) for r in (mine, second)]
            side_by_side(pair[0], pair[1], key, say)


say = state.say()
st.header(say("compare.title"), anchor=False)
try:
    page(say)
except MMBMError as refusal:
    st.error(verbatim(say("compare.refused", reason=say.of(refusal))))
