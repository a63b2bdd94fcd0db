"""The archive on the Worklist page: ask for studies, send results back, see what became of it."""

from __future__ import annotations

import streamlit as st

from dashboard import models, state, stored
from dashboard.archive import Errand, Pull, Send, archive_is_on, configured
from dashboard.foreign import escape, verbatim
from dashboard.text import Texts
from mmbm.archive.query import Query
from mmbm.errors import MMBMError, StoreError

__all__ = ["archive", "begin_sending"]

EVERY = 1.0  # seconds between two looks at an errand
MOST_CHARACTERS = 64  # of an identifier in DICOM


def archive(say: Texts) -> None:
    """The form, where an archive is configured, and the errand that runs or was done last."""
    if not archive_is_on() or not state.may("decide"):
        return
    errand = state.errand()
    with st.expander(say("archive.pull"), key="archive"):
        form(errand is not None and errand.running(), say)
    if errand is not None:
        if errand.running():
            progress(errand, say)
        else:
            outcome(errand, say)


def form(busy: bool, say: Texts) -> None:
    """Which studies; each thing that is given narrows it."""
    st.html(f'<div class="small">{escape(say("archive.means"))}</div>')
    with (
        st.form("archive-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="archive-asks"),
    ):
        for name in ("patient", "accession"):
            st.text_input(say(f"archive.{name}"), max_chars=MOST_CHARACTERS, key=f"pull-{name}")
        for name in ("since", "until"):
            st.date_input(say(f"archive.{name}"), None, format="YYYY-MM-DD", key=f"pull-{name}")
        st.form_submit_button(
            say("archive.pull_now"),
            type="primary",
            key="archive-pull",
            disabled=busy,
            on_click=begin_pulling,
        )


def begin_pulling() -> None:
    """Callback: ask the archive for the studies of the form."""
    running = state.errand()
    if running is not None and running.running():
        return
    try:
        state.require("decide")
        query = Query(**state.asked_of_archive())
        state.take_errand(Pull(configured(), query, state.actor()))
    except MMBMError as refusal:
        state.refuse(refusal.sentence)


def begin_sending(chosen: tuple[str, ...]) -> None:
    """Callback: send the results of these cases back into their studies."""
    running = state.errand()
    if running is not None and running.running():
        return
    try:
        state.require("decide")
        state.take_errand(Send(configured(), models.predictor(), chosen, state.actor()))
    except MMBMError as refusal:
        state.refuse(refusal.sentence)
        return
    state.drop_chosen()


@st.fragment(run_every=EVERY)
def progress(errand: Errand, say: Texts) -> None:
    """How far it is, looked at again and again; once it has ended the whole page is."""
    if not errand.running():
        st.rerun()
    kind = "sending" if isinstance(errand, Send) else "pulling"
    text = say(f"archive.{kind}", done=f"{errand.done:,}", of=f"{errand.of:,}")
    if not errand.of:
        text = say("archive.asking")
    if errand.stopping:
        text = say("job.stopping")
    with st.container(horizontal=True, vertical_alignment="center", key="errand"):
        st.progress(min(1.0, errand.done / max(1, errand.of)), text=verbatim(text))
        st.button(
            say("job.stop"), key="errand-stop", on_click=errand.stop, disabled=errand.stopping
        )


def outcome(errand: Errand, say: Texts) -> None:
    """What came or went, what was refused and why, and why there was no more."""
    state.take_errand(None)  # what nobody foresaw is raised once
    errand.answer()
    state.take_errand(errand)
    if isinstance(errand, Pull):
        head = say("archive.pulled", n=len(errand.kept), refused=len(errand.refused))
        lines = kept_lines(errand, say)
        if not errand.kept and not errand.refused and errand.stopped is None:
            head = say("archive.nothing")
    else:
        assert isinstance(errand, Send)
        head = say("archive.sent", n=errand.sent, waiting=errand.waiting)
        lines = []
    refused = [
        f"<li><b>{escape(name)}</b> {escape(say.of(reason))}</li>"
        for name, reason in errand.refused
    ]
    with st.container(key="errand-done"):
        if errand.stopped is not None:
            st.error(verbatim(say.of(errand.stopped)))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<div role="status"><b>{escape(head)}</b></div>', width="content")
            st.button(
                say("archive.put_away"),
                key="errand-away",
                type="tertiary",
                on_click=state.take_errand,
                args=(None,),
            )
        if lines:
            st.html(f"<ul>{''.join(lines)}</ul>")
        if refused:
            st.html(f"<b>{escape(say('archive.refused'))}</b><ul>{''.join(refused)}</ul>")


def kept_lines(errand: Pull, say: Texts) -> list[str]:
    """Each study that is a case now: whose, of which day, and what was said of it."""
    found = []
    for kept in errand.kept:
        try:
            case = stored.store().case(kept.case_id)
        except StoreError:  # purged since
            continue
        day = "" if case.taken is None else case.taken.isoformat()
        said = " ".join(say.of(each) for each in kept.said)
        name = case.patient or case.case_id[:8]
        found.append(f"<li><b>{escape(name)}</b> {escape(day)} {escape(said)}</li>")
    return found
