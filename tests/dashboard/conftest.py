from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import state

APP = Path(dashboard.__file__).with_name("app.py")


@pytest.fixture
def app(tiny_model_dir, monkeypatch):
    """The dashboard with a small random model, before its first run."""
    monkeypatch.setenv("MMBM_MODEL", str(tiny_model_dir))
    state._load.clear()
    return AppTest.from_file(APP, default_timeout=120)
