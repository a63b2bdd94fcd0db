"""Files that no widget hands in are taken by a run of their own."""

import time
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard.server import arrived
from dashboard.state.session import Session


@pytest.fixture
def server(monkeypatch):
    """A server of one session, which holds one file; what it was asked to run."""
    uploads, asked = MemoryUploadedFileManager("/upload"), []
    uploads.add_file("one", UploadedFileRec("id", "film.dcm", "", b"film"))
    session = SimpleNamespace(
        id="one",
        _client_state=ClientState(page_script_hash="page", query_string="language=en"),
        request_rerun=asked.append,
        session_state={"session": Session()},
    )
    info = SimpleNamespace(session=session)
    sessions = SimpleNamespace(list_sessions=lambda: [info], get_session_info=lambda key: info)
    monkeypatch.setattr(arrived, "_since", {})
    context = SimpleNamespace(session_id="one", uploaded_file_mgr=uploads)
    monkeypatch.setattr(arrived, "get_script_run_ctx", lambda: context)
    made = SimpleNamespace(
        _session_mgr=sessions,
        uploaded_file_mgr=uploads,
        asked=asked,
        kept=session.session_state["session"],
    )
    monkeypatch.setattr(arrived.runtime, "get_instance", lambda: made)
    return made


def later(monkeypatch, seconds):
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + seconds)


def test_a_file_is_left_to_its_widget_for_a_while(server):
    arrived.look(server)
    assert server.asked == [] and arrived.unclaimed({}, "") == []
    assert [file.name for file in arrived.arrived()] == ["film.dcm"]


def test_then_its_page_is_run_and_takes_it_once(server, monkeypatch):
    arrived.look(server)
    later(monkeypatch, arrived.WAIT)
    arrived.look(server)
    (asked,) = server.asked
    assert (asked.page_script_hash, asked.query_string) == ("page", "language=en")
    assert not asked.widget_states.widgets  # what widgets say stays as it is
    assert [file.content for file in arrived.unclaimed({}, "")] == [b"film"]
    assert arrived.unclaimed({}, "") == [] and arrived.arrived() == []
    arrived.look(server)
    assert len(server.asked) == 1


def test_a_file_that_its_widget_handed_in_is_no_reason_to_run(server, monkeypatch):
    arrived.look(server)
    server.uploaded_file_mgr.remove_file("one", "id")
    later(monkeypatch, arrived.WAIT)
    arrived.look(server)
    assert server.asked == []


def test_a_file_that_was_chosen_on_another_page_is_left_to_its_form(server, monkeypatch):
    monkeypatch.setattr(MemoryUploadedFileManager, "get_upload_urls", arrived._promise)
    arrived.know_pages()
    uploads = server.uploaded_file_mgr
    server.kept.page = "compare"
    (place,) = uploads.get_upload_urls("one", ["a.csv"])
    server.kept.page = ""
    uploads.get_upload_urls("one", ["film.dcm"])
    assert server.kept.elsewhere == {place.file_id: "compare"}
    uploads.remove_file("one", "id")
    uploads.add_file("one", UploadedFileRec(place.file_id, "a.csv", "", b"scores"))
    arrived.look(server)
    later(monkeypatch, arrived.WAIT)
    arrived.look(server)
    assert server.asked == []
    assert arrived.unclaimed(server.kept.elsewhere, "compare") == []
    assert [file.name for file in arrived.arrived()] == ["a.csv"]  # its form may still hand it in
    assert arrived.unclaimed(server.kept.elsewhere, "") == []  # and no page but its own does
    assert arrived.arrived() == []
