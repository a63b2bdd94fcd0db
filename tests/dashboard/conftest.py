import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state

APP = "dashboard/app.py"
PAGES = ("pages/review.py", "pages/model.py", "pages/about.py")


@pytest.fixture
def app(tiny_model_dir, monkeypatch, request):
    """The dashboard with a small random model, before its first run."""
    monkeypatch.setenv("MMBM_MODEL", str(tiny_model_dir))
    monkeypatch.chdir(request.config.rootpath)
    state._load.clear()
    return AppTest.from_file(APP, default_timeout=120)
