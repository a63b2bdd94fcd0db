from __future__ import annotations

import pytest

from mmbm.predict import load
from mmbm.store import Given, open_store
from tests.made_cases import NOTES, write_manifest, write_model


@pytest.fixture(scope="session")
def predictor(tmp_path_factory):
    """A tiny model with made-up weights."""
    return load(write_model(tmp_path_factory.mktemp("made-model"), "weighted_sum"), "cpu", 1)


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """The parts of a made case, by its number."""
    folder = tmp_path_factory.mktemp("given")
    write_manifest(folder, 5)

    def parts(number=0):
        names = {"image": f"film{number}.png", "audio": f"sound{number}.wav"}
        found = {m: Given(name=n, content=(folder / n).read_bytes()) for m, n in names.items()}
        return found | {"notes": Given(name="", content=NOTES[0][0].encode(), kind="typed")}

    return parts


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "store")
    yield opened
    opened.close()
