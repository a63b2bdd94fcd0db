"""Messages that wait for a run are merged: no widget's value is dropped."""

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

import dashboard.app  # noqa: F401 - it has the server keep what waits
from dashboard.server.pending import merged


def states(**values):
    """A message with these text boxes' texts and buttons' clicks."""
    told = WidgetStates()
    for name, value in values.items():
        kind = "trigger_value" if isinstance(value, bool) else "string_value"
        told.widgets.append(WidgetState(id=name, **{kind: value}))
    return told


def said(told):
    return {w.id: w.trigger_value or w.string_value for w in told.widgets}


def test_a_widget_that_the_newer_message_does_not_name_stays():
    assert said(merged(states(note="cough"), states(other="x"))) == {"note": "cough", "other": "x"}


def test_the_newer_value_and_an_older_click_count():
    both = merged(states(note="old", run=True), states(note="new", run=False))
    assert said(both) == {"note": "new", "run": True}


def test_what_was_changed_last_stands_last():
    both = merged(states(box="old", other="x", run=True), states(box="new", other="x", file="f"))
    assert [w.id for w in both.widgets] == ["other", "run", "box", "file"]
    both = merged(states(file="f", box=""), states(box="typed", file="f"))
    assert [w.id for w in both.widgets] == ["file", "box"]


def test_one_message_alone_is_as_it_was():
    alone = states(note="cough")
    assert merged(None, alone) is alone
    assert merged(alone, None) is alone
    assert merged(None, None) is None


def test_a_page_that_is_left_takes_nothing_with_it():
    waiting = ScriptRequests()
    waiting.request_rerun(RerunData(widget_states=states(note="cough"), page_script_hash="review"))
    waiting.request_rerun(RerunData(widget_states=states(), page_script_hash="about"))
    request = waiting.on_scriptrunner_yield()
    assert request.rerun_data.page_script_hash == "about"
    assert said(request.rerun_data.widget_states) == {"note": "cough"}
