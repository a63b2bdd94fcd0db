"""What is done with many cases at once: score, export, purge; and how far the scoring is."""

from __future__ import annotations

import json

import streamlit as st

from dashboard import models, state, stored
from dashboard.archive import archive_is_on
from dashboard.foreign import escape, verbatim
from dashboard.parts.archive import begin_sending
from dashboard.parts.over_time import may_see
from dashboard.scoring import scoring
from dashboard.text import Texts
from mmbm.errors import MMBMError
from mmbm.report import without_names
from mmbm.store import named
from mmbm.text import sentence

__all__ = ["acts", "exported", "progress"]

EVERY = 1.0  # seconds between two looks at the scoring


def acts(waiting: int, say: Texts) -> None:
    """The buttons for the cases that are marked; scoring without a mark is for all that wait.

    ``waiting`` is how many cases were not scored.
    """
    if not state.may("decide"):
        st.html(f'<div class="small">{escape(say("bulk.look"))}</div>')
        return
    chosen = tuple(sorted(state.chosen_cases()))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bulk"):
        if not stored.decides_first():
            key = "bulk.score" if chosen else "bulk.score_all"
            st.button(
                say(key, n=len(chosen)) if chosen else say(key),
                key="bulk-score",
                disabled=not chosen and not waiting,
                on_click=begin_scoring,
                args=(chosen,),
            )
        if chosen:
            export(chosen, say)
            if archive_is_on():
                st.button(
                    say("bulk.send", n=len(chosen)),
                    key="bulk-send",
                    help=say("bulk.send_means"),
                    on_click=begin_sending,
                    args=(chosen,),
                )
            if state.may("purge"):
                purging(chosen, say)
            st.button(say("bulk.none"), key="bulk-none", type="tertiary", on_click=drop)
        else:
            key = "bulk.hint_first" if stored.decides_first() else "bulk.hint"
            st.html(f'<div class="small">{escape(say(key))}</div>', width="content")
    if scoring().progress().running:
        progress(say)
    failed = scoring().progress().failed
    if failed:
        st.warning(verbatim(say("bulk.failed", n=failed)))


def purging(chosen: tuple[str, ...], say: Texts) -> None:
    """A menu that asks once more."""
    with st.popover(say("bulk.purge", n=len(chosen))):
        st.html(f'<div class="small">{escape(say("bulk.purge_means"))}</div>')
        st.button(
            say("bulk.purge_now", n=len(chosen)),
            key="bulk-purge",
            type="primary",
            on_click=purge,
            args=(chosen,),
        )


def drop() -> None:
    """Callback: mark no case; the table's boxes are drawn empty."""
    state.drop_chosen()


def begin_scoring(chosen: tuple[str, ...]) -> None:
    """Callback: have the marked cases scored, or all that were not yet."""
    try:
        state.require("decide")
        waiting = chosen or stored.store().unscored()
        scoring().add(waiting, models.predictor(), state.actor())
    except MMBMError as refusal:
        state.refuse(refusal.sentence)
    state.drop_chosen()


def purge(chosen: tuple[str, ...]) -> None:
    """Callback: leave no byte of these cases."""
    try:
        state.require("purge")
        stored.store().purge_all(chosen, state.actor())
    except MMBMError as refusal:
        state.refuse(refusal.sentence)
        return
    if state.stored_case() in chosen:
        state.new_case()
    state.drop_chosen()


def export(chosen: tuple[str, ...], say: Texts) -> None:
    """A menu: what was said of these cases, with names only where that is ticked."""
    who = state.actor()
    with st.popover(say("bulk.export", n=len(chosen)), key="bulk-export-menu"):
        identified = st.checkbox(say("export.identified"), key="bulk-export-identified")
        st.html(f'<div class="small">{escape(say("bulk.export_means"))}</div>')
        st.download_button(
            say("bulk.export_now"),
            lambda: exported(chosen, who, identified=identified),
            file_name="mmbm-cases.json",
            mime="application/json",
            on_click="ignore",
            key="bulk-export",
        )


def exported(chosen: tuple[str, ...], who: str, *, identified: bool = False) -> str:
    """What model and readers said of these cases, as JSON; never the cases' own content.

    Only an ``identified`` one says whose they are, who read them, and what he wrote.
    """
    kept, found = stored.store(), []
    for case_id in chosen:
        analysis = kept.analysis(case_id) if may_see(case_id) else None
        readings = kept.readings(case_id)
        report = None if analysis is None else analysis.report.model_dump(mode="json")
        latest = {reading.reader: reading for reading in readings}.values()
        told = latest if identified else [without_names(reading) for reading in latest]
        made: dict[str, object] = {
            "case": case_id,
            "report": report,
            "readings": [reading.model_dump(mode="json") for reading in told if reading],
        }
        if identified:
            case = kept.case(case_id)
            made |= {"patient": case.patient, "taken": case.taken and case.taken.isoformat()}
        found.append(made)
        kept.log(f"export json {named(identified)}", case_id, who)
    notice = str(sentence("report.notice"))
    return json.dumps({"notice": notice, "cases": found}, indent=2, ensure_ascii=False)


@st.fragment(run_every=EVERY)
def progress(say: Texts) -> None:
    """How far the scoring is, looked at again and again; once it has ended the whole page is."""
    now = scoring().progress()
    if not now.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="scoring"):
        text = say("bulk.progress", done=f"{now.done:,}", of=f"{now.of:,}")
        st.progress(min(1.0, now.done / max(1, now.of)), text=verbatim(text))
        st.button(say("job.stop"), key="bulk-stop", on_click=scoring().stop)
