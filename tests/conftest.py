from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch

from tests.made_cases import TINY_TRAINING, write_manifest


def pytest_collection_modifyitems(items):
    """Tests that need a GPU are skipped where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU here"))


@pytest.fixture(autouse=True)
def main_module(monkeypatch):
    """A page that is run in a test takes the name of the main module; new processes read it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """No test reads or writes the user's cache, where a machine's figures are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public recordings; MMBM_DATA names another one."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MMBM_DATA", beside))
    if not (folder / "dicom" / "index.csv").is_file():
        pytest.skip("the public recordings are absent; name their folder in MMBM_DATA")
    return folder


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training run of a tiny model on made-up cases."""
    from mmbm.train.run import run_training

    folder = tmp_path_factory.mktemp("tiny")
    manifest = write_manifest(folder / "cases")
    run_training(
        manifest,
        folder / "run",
        TINY_TRAINING,
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )
    return folder


@pytest.fixture(scope="session")
def tiny_model_dir(tiny_run: Path) -> Path:
    """A small model folder, complete with card and evaluation record."""
    return tiny_run / "run" / "model"


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dictation model that hears the letter a, whatever is said."""
    pytest.importorskip("faster_whisper", reason="the extra dictation is not installed")
    pytest.importorskip("transformers", reason="the extra encoders is not installed")
    from tests.made_whisper import write_whisper

    return write_whisper(tmp_path_factory.mktemp("whisper"))
