from __future__ import annotations

import pytest

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
