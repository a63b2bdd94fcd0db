from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import jobs, models

FRAME = Path(dashboard.__file__).with_name("frame.py")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """The page waits for every calculation, however busy the machine."""
    monkeypatch.setattr(jobs, "AT_FIRST", 120.0)
    monkeypatch.setattr(jobs, "UNASKED", 120.0)


@pytest.fixture
def app(tiny_model_dir, monkeypatch):
    """The dashboard with a small random model, before its first run."""
    monkeypatch.setenv("MMBM_MODEL", str(tiny_model_dir))
    models._load.clear()
    return AppTest.from_file(FRAME, default_timeout=120)
