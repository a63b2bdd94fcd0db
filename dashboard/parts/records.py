"""This model's record beside another's, and whether the same cases stand behind both."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import markup, models
from dashboard.figures import forest
from dashboard.foreign import escape, verbatim
from dashboard.parts.blocks import blank, by_group, leaning, pick_finding, small, title
from dashboard.parts.compared import headline, only_one, pairs_table, rates
from dashboard.parts.sources import source_name
from dashboard.parts.tabs import open_tab
from dashboard.text import Texts
from mmbm.card import read_card
from mmbm.compare.records import pairs, same
from mmbm.model.checkpoint import find, shipped
from mmbm.record import Record, parse_record
from mmbm.record.shelf import shelved, take_from_shelf

__all__ = ["records"]

TABS = ("summary", "figures", "table", "records")


def other(say: Texts) -> Record | None:
    """The record to compare with: one that comes with the program, or a file's."""
    models_here = [name for name in shipped() if find(name) != models.predictor().folder]
    earlier = shelved()
    left, right = st.columns(2, gap="medium", vertical_alignment="top")
    with left:
        chosen = st.selectbox(say("compare.with"), [*earlier, *models_here], key="compare-shipped")
        small(say.strings.get(f"compare.about.{chosen}", ""))
    with right:
        given = st.file_uploader(say("compare.file"), type="json", key="compare-file")
    if given is not None:
        return parse_record(given.getvalue())
    if chosen in earlier:
        return take_from_shelf(chosen)
    return read_card(find(chosen)).evaluation if chosen else None


def summary(first: Record, second: Record, say: Texts) -> None:
    """The same cases or not, which is higher where, and every pair."""
    same_cases(first, second, say)
    found = list(pairs(first, second))
    if not found:
        st.warning(say("compare.no_pair"))
        return
    st.html(headline(found, say))
    st.html(pairs_table(found, say))
    real = first.real_parts and second.real_parts
    small(say("compare.real" if real else "compare.all_inputs") + " " + say("compare.caption"))
    small(only_one(first, second, say))


def same_cases(first: Record, second: Record, say: Texts) -> None:
    """Whether a difference can be one of the models."""
    found = same(first, second)
    kind, said = "pass" if found == "same" else "caution", escape(say(f"compare.{found}"))
    st.html(f'<div class="standing"><span class="verdict {kind}">{said}</span></div>')


def choose(first: Record, second: Record, say: Texts) -> str | None:
    """One of the findings that both have."""
    findings = [f for f in first.overall if f in second.overall]
    if not findings:
        st.warning(say("compare.no_finding"))
        return None
    return pick_finding(findings, "compare-finding", say)


def figures(first: Record, second: Record, finding: str, say: Texts) -> None:
    """AUROCs of real inputs, and of all."""
    for key, section in (("model.real_parts", "real_parts"), ("model.by_source", "by_source")):
        mine, theirs = (by_group(getattr(r, section), finding) for r in (first, second))
        title(key, say)
        rows = [
            (say(f"compare.{who}_of", source=source_name(name, say)), found[name])
            for name in mine
            if name in theirs
            for who, found in (("this", mine), ("other", theirs))
        ]
        if any(f.auroc is not None for _, f in rows):
            st.html(forest.forest(rows, say))
            small(leaning((f for _, f in rows), say))
        else:
            blank(say)
    small(say("compare.caption"))


def table(first: Record, second: Record, finding: str, say: Texts) -> None:
    """Every figure at the operating point, with its difference."""
    section = "real_parts" if first.real_parts and second.real_parts else "by_source"
    mine, theirs = (by_group(getattr(r, section), finding) for r in (first, second))
    if not set(mine) & set(theirs):
        blank(say)
        return
    st.html(f'<div class="wide" tabindex="0">{rates(mine, theirs, say)}</div>')
    real = section == "real_parts"
    small(say("compare.real" if real else "compare.all_inputs") + " " + say("compare.caption"))


def identities(first: Record, second: Record, say: Texts) -> None:
    """What each record is of."""
    both = (first, second)
    rows = [
        (say("model.name"), *(f"{r.model.name} {r.model.version}" for r in both)),
        (say("model.sha"), *(r.model.sha256 for r in both)),
        (say("compare.cases"), *(r.test_sha256 or "–" for r in both)),
        (say("compare.code"), *(str(r.pipeline_version or "–") for r in both)),
        (say("compare.point"), *(say(f"model.point.{r.operating_point}") for r in both)),
    ]
    st.html(markup.facts_table(rows, head=["", say("compare.this"), say("compare.other")]))


def records(head: DeltaGenerator, say: Texts) -> None:
    """Choose, then the open tab, with the names of both at the ``head``."""
    mine = read_card(models.predictor().folder).evaluation
    if mine is None:
        st.error(say("model.fault.no_record"))
        return
    second = other(say)
    if second is None:
        st.html(f'<div class="blank">{escape(say("compare.none"))}</div>')
        return
    named = [f"{r.model.name} {r.model.version}" for r in (mine, second)]
    head.header(verbatim(say("compare.named", this=named[0], other=named[1])), anchor=False)
    name, tab = open_tab("compare", {n: say(f"compare.tab.{n}") for n in TABS}, say)
    with tab:
        if name == "summary":
            summary(mine, second, say)
        elif name == "records":
            identities(mine, second, say)
        elif finding := choose(mine, second, say):
            (figures if name == "figures" else table)(mine, second, finding, say)
