from __future__ import annotations

import pytest

from mmbm.predict import load
from mmbm.store import open_store
from tests.made_archive import ABSENT, Orthanc, present


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """One Orthanc for all tests."""
    if not present():
        pytest.skip(ABSENT)
    server = Orthanc(tmp_path_factory.mktemp("orthanc")).start()
    yield server
    server.stop()


@pytest.fixture
def orthanc(running):
    """It, with nothing in it."""
    running.empty()
    return running


@pytest.fixture(scope="session")
def predictor(tiny_model_dir):
    return load(tiny_model_dir, device="cpu")


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "cases")
    yield opened
    opened.close()
