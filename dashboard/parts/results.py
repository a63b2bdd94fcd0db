"""The results of one case: warnings, findings, then account and evidence of the one chosen."""

from __future__ import annotations

import math

import streamlit as st

from dashboard import markup, state
from dashboard.figures.account import waterfall
from dashboard.figures.look import CONFIG
from dashboard.foreign import escape, verbatim
from dashboard.parts import trust
from dashboard.parts.closer import closer
from dashboard.parts.evidence import picture, sound
from dashboard.parts.note import note
from dashboard.parts.other import others
from dashboard.parts.prevalence import at_prevalence, prevalence_picker, what_it_means
from dashboard.parts.whatif import whatif
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.analysis import Analysis
from mmbm.explain.ledger import Ledger
from mmbm.findings import not_assessed
from mmbm.report import case_report
from mmbm.text import sentence
from mmbm.trust.sentences import answer_sentence

__all__ = ["results"]


@st.fragment
def results(seen: Review, say: Texts) -> None:
    """Everything below the intake; a fragment, so that choosing a finding reruns only this."""
    first = st.container()
    finding, analysis = findings(seen, say)
    with first:
        warnings(analysis, say)
    common = analysis.prevalences
    account, maps = at_prevalence(analysis.account(finding), common), analysis.map(finding)
    with st.container(key="beside"):  # the style sheet stacks them where the page is narrow
        left, right = st.columns([1.12, 1], gap="medium")
    with left:
        picture(seen, account, maps, say)
        note(seen, maps, say)
        missing(seen, say)
    with right:
        reasons(seen, account, say, common.shift(finding))
        sound(seen, maps, say)
        others(seen, account, maps, say)
    whatif(seen, finding, say, moved=bool(common.wanted))
    closer(seen, finding, say)
    export(analysis, say)


def findings(seen: Review, say: Texts) -> tuple[str, Analysis]:
    """Probabilities as bars; the choice of finding, of the answers' level and of prevalences."""
    st.subheader(say("findings.title"), anchor=False)
    names = list(seen.analysis.findings)
    meters = st.container()  # above the choice that marks one of them
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<b>{escape(say('findings.select'))}</b>", width="content")
        chosen = st.segmented_control(
            say("findings.select"),
            names,
            default=state.remembered("finding", names),
            format_func=lambda finding: verbatim(say.name("finding", finding)),
            key="finding",
            label_visibility="collapsed",
            required=True,
        )
        level = 0.9
        if seen.analysis.prediction.trust is not None:
            st.html(f"<b>{escape(say('trust.level'))}</b>", width="content")
            level = trust.level_picker(say)
        common = prevalence_picker(chosen or names[0], seen.analysis.prevalences.calibrated, say)
    state.remember("finding", chosen or names[0])
    analysis = seen.analysis.at(level, common.wanted)
    judgement = analysis.judgement
    caption = what_it_means(seen.analysis.account(chosen or names[0]), common, say)
    caption += " " + say("findings.caption")
    if judgement.assessed:
        caption += " " + say("trust.caption", level=f"{level:.0%}")
    st.html(f'<div class="small">{escape(caption)}</div>')
    rows, unsure, standing = [], set(), {}
    levels = analysis.standing
    for account, answer in zip(seen.analysis.accounts, judgement.answers, strict=True):
        finding = at_prevalence(account, common)
        name, plain = say.name("finding", finding.finding), in_words(finding.probability, say)
        if finding.finding in common.wanted:
            at = f"{100 * common.wanted[finding.finding]:g} %"
            plain = say("findings.at_prevalence", plain=plain, share=at)
        said = say.of(answer_sentence(answer, level))
        rows.append((name, finding.probability, f"{said} · {plain}"))
        standing[name] = say.of(sentence(f"status.{levels[finding.finding]}"))
        if answer.verdict == "not sure":
            unsure.add(name)
    with meters:
        picked = say.name("finding", chosen or names[0])
        st.html(markup.meters(rows, chosen=picked, unsure=unsure, standing=standing))
        st.html(f'<div class="small uncovered">{escape(uncovered(names, say))}</div>')
    return chosen or names[0], analysis


def uncovered(findings: list[str], say: Texts) -> str:
    """What no answer of this model speaks of."""
    others = say("findings.then").join(say.of(name) for name in not_assessed(findings).values())
    return say("findings.not_assessed", names=others)


def in_words(probability: float, say: Texts) -> str:
    """What a calibrated probability says, as a count."""
    if probability < 0.01:
        return say("findings.under_1")
    if probability > 0.99:
        return say("findings.over_99")
    return say("findings.of_100", count=round(100 * probability))


def reasons(seen: Review, account: Ledger, say: Texts, prior: float) -> None:
    """The ledger as a waterfall, its sum checked, and the fusion weights.

    ``prior`` is what the reader's prevalence has added to the start of the account.
    """
    probability = markup.percent(account.probability)
    finding = say.name("finding", account.finding)
    title = say("ledger.title", finding=finding, probability=probability)
    st.subheader(verbatim(title), anchor=False)
    st.plotly_chart(
        waterfall(account, seen.analysis.prediction.present, say),
        theme=None,
        config=CONFIG,
        key="ledger",
    )
    line = say(
        "ledger.sum",
        residual=bound(account.residual),
        logit=markup.signed(account.logit, 3),
        probability=probability,
    )
    if prior:
        line += " " + say("ledger.prevalence", value=markup.signed(prior, 3))
    if account.interaction != 0.0:
        line += " " + say("ledger.interaction", value=markup.signed(account.interaction, 3))
    if account.intervals and account.percentiles:
        places = ", ".join(
            say("ledger.place", part=say.name("modality", m), count=round(place))
            for m, place in account.percentiles.items()
        )
        line += " " + say("ledger.interval", places=places)
    st.html(f'<div class="small">{escape(line)}</div>')
    st.subheader(say("weights.title"), anchor=False)
    st.html(markup.weights_table(account, seen.analysis.prediction, say))
    st.html(f'<div class="small">{escape(say("weights.caption"))}</div>')


def bound(residual: float) -> str:
    """The power of ten that a residual stays under; "1e-9" is where rounding starts to show."""
    return f"1e{math.ceil(math.log10(max(residual, 1e-9)))}"


def missing(seen: Review, say: Texts) -> None:
    """Which parts were not given, and what that did to the sum."""
    st.subheader(say("missing.title"), anchor=False)
    absent = [m for m in seen.config.modalities if m not in seen.analysis.prediction.present]
    if not absent:
        st.markdown(say("missing.none"))
    for modality in absent:
        if f"missing.{modality}" in say.strings:
            st.markdown(f"{say(f'missing.{modality}')} {say('missing.effect')}")
        else:
            line = say("missing.other", part=say.name("modality", modality))
            st.markdown(f"{verbatim(line)} {say('missing.effect')}")


def warnings(analysis: Analysis, say: Texts) -> None:
    """Everything to know before believing the numbers, above them."""
    for warning in analysis.warnings:
        st.warning(verbatim(say.of(warning)))


def export(analysis: Analysis, say: Texts) -> None:
    """The download, and what made these numbers."""
    prediction, report = analysis.prediction, case_report(analysis)
    identity = prediction.identity
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            say("download.label"),
            report.model_dump_json(indent=2),
            file_name="mmbm-result.json",
            mime="application/json",
            on_click="ignore",
            help=say("download.help"),
        )
        line = say(
            "provenance",
            name=identity.name,
            version=identity.version,
            sha=identity.sha256[:12],
            mmbm=prediction.mmbm_version,
            device=prediction.device,
        )
        st.html(f'<div class="small">{escape(line)}</div>', width="stretch")
