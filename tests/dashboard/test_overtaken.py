"""An act in a run that is overtaken before it draws is not lost with the run.

Streamlit ends an overtaken run wherever it asks the session for something, also in a callback; the
run after it knows the new values of all widgets already and calls no callback for them.
"""

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from tests.dashboard.test_pages import shown, upload


@pytest.fixture
def overtaken(monkeypatch):
    """Every run is overtaken while its callbacks are called, and goes on after them."""
    calling = False
    asked = SafeSessionState.__init__
    call = SessionState._call_callbacks

    def init(self, state, yield_callback):
        def stop():
            if calling:
                raise StopException
            yield_callback()

        asked(self, state, stop)

    def callbacks(self, **replay):
        nonlocal calling
        calling = True
        try:
            call(self, **replay)
        finally:
            calling = False

    monkeypatch.setattr(SafeSessionState, "__init__", init)
    monkeypatch.setattr(SessionState, "_call_callbacks", callbacks)


@pytest.mark.usefixtures("overtaken")
def test_what_is_handed_in_typed_and_taken_out_counts(app):
    app.run()
    upload(app, "notes", "note.txt", b"Fever and cough.")
    assert "note.txt" in shown(app)
    box = next(t for t in app.text_area if t.key.startswith("notes-typed"))
    box.set_value("No fever at all.").run()
    assert "typed · 16 characters" in shown(app)
    app.button(key="remove-notes").click().run()
    assert "16 characters" not in shown(app)
    card = next(b for b in app.button if b.key.startswith("sample-adult-clear"))
    card.click().run()
    assert "adult-clear/image.dcm" in shown(app)
    app.button(key="new-case").click().run()
    assert "adult-clear/image.dcm" not in shown(app)
    assert not app.exception
