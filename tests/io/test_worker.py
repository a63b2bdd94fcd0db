"""What the decoding child answers when it cannot decode."""

from mmbm.config import Limits
from mmbm.io import sandbox, worker


def test_a_library_that_is_not_installed_is_named(monkeypatch):
    def missing(*_given, **_options):
        raise ModuleNotFoundError("No module named 'imagecodecs'", name="imagecodecs")

    monkeypatch.setattr(worker, "_fresh_limits", lambda limits: None)  # this process is no child
    monkeypatch.setattr(worker, "_stop_alarm", lambda: None)
    monkeypatch.setattr(worker, "_decoder", lambda task: missing)
    request = {"limits": Limits().model_dump(), "task": "", "name": "a.dcm", "options": {}}
    header, arrays = worker._answer(request, b"")
    assert not arrays
    assert str(sandbox._error(header, Limits())) == (
        "This file needs the library imagecodecs, which is not installed. "
        "Install MMBM again with its dependencies."
    )
