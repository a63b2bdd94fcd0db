"""A run of the whole page draws at the page, whatever its thread ran before."""

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

import dashboard.app  # noqa: F401 - it has every run begin at the page
from dashboard.server import afresh


def page():
    import streamlit as st

    @st.fragment
    def part():
        st.text("part")

    with st.container():
        part()
    st.text("end")


def places(monkeypatch):
    """Where the page, its fragment and the page again draw, three runs of one thread."""
    drawn = []
    finished = LocalScriptRunner._on_script_finished

    def go_on(runner, *of_run):
        finished(runner, *of_run)
        deltas = [m for m in runner.forward_msg_queue._queue if m.HasField("delta")]
        drawn.append([tuple(m.metadata.delta_path) for m in deltas])
        fragment = next(m.delta.fragment_id for m in deltas if m.delta.fragment_id)
        wanted = [RerunData(fragment_id=fragment), RerunData()]
        if len(drawn) <= len(wanted):
            runner.request_rerun(wanted[len(drawn) - 1])

    monkeypatch.setattr(LocalScriptRunner, "_on_script_finished", go_on)
    AppTest.from_function(page).run(timeout=30)
    return drawn


def test_a_page_after_a_fragment_is_drawn_where_it_was(monkeypatch):
    first, _, again = places(monkeypatch)
    assert again == first


def test_streamlit_by_itself_draws_it_in_the_fragment(monkeypatch):
    """If this fails, Streamlit has mended it, and ``afresh`` can go."""
    monkeypatch.setattr(ScriptRunner, "_run_script", afresh._run)
    first, _, again = places(monkeypatch)
    assert again != first
