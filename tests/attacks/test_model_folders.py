"""Malformed model folders: one sentence each, under a second, and nothing asked of the network.

A twelfth of them here; all of them, and 250 damages, by
``MMBM_FULL=1 python -m pytest tests/attacks/test_model_folders.py``.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import time
from pathlib import Path

import pytest

from mmbm.card import read_card
from mmbm.errors import ModelError
from mmbm.explain.verdict import Sanity, read_sanity, write_sanity
from mmbm.model import checkpoint
from tests.made_models import Mutant, damages, mutants, resign

FULL = bool(os.environ.get("MMBM_FULL"))
EVERY = 1 if FULL else 12
DAMAGES = 250 if FULL else 20
SECONDS = 1.0
KINDS = ("config", "tokenizer", "card", "weights", "trust", "record", "files")

pytestmark = pytest.mark.attack


@pytest.fixture(scope="module")
def whole(tiny_model_dir, tmp_path_factory):
    """A whole model folder, with sanity checks too."""
    pytest.importorskip("transformers.models.bert.modeling_bert")  # read once: it takes seconds
    folder = shutil.copytree(tiny_model_dir, tmp_path_factory.mktemp("whole") / "model")
    sha = checkpoint.read(folder).identity.sha256
    write_sanity(folder, [Sanity(sha, "words", "DeepLIFT", 0.12, 3)])
    return folder


@pytest.fixture
def network(monkeypatch):
    """What was asked of the network; nothing gets through."""
    asked: list[object] = []

    def refuse(*given: object, **_: object) -> None:
        asked.append(given[-1])
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


def use(folder: Path) -> None:
    """All that reads a model folder."""
    read_sanity(folder, checkpoint.read(folder).identity.sha256)
    read_card(folder)


def fault(mutant: Mutant, whole: Path, folder: Path) -> str:
    """What is wrong with how a spoilt folder is refused, "" where nothing is."""
    shutil.copytree(whole, folder)
    try:
        mutant.spoil(folder)
        began = time.perf_counter()
        use(folder)
    except ModelError as refusal:
        seconds, said = time.perf_counter() - began, str(refusal)
    except Exception as exc:  # noqa: BLE001  any other error is what this looks for
        return f"{mutant.name}: {type(exc).__name__}: {str(exc)[:100]}"
    else:
        return f"{mutant.name}: taken"
    finally:
        shutil.rmtree(folder)
    if seconds > SECONDS:
        return f"{mutant.name}: {seconds:.1f} s"
    if "\n" in said or len(said) > 600 or not said.endswith("."):
        return f"{mutant.name}: said {said[:200]!r}"
    return ""


def faults(made: list[Mutant], whole: Path, tmp_path: Path) -> list[str]:
    """Of all of them; what was slow is tried twice more, for the machine may have been busy."""

    def of(mutant: Mutant) -> str:
        said = ""
        for _ in range(3):
            said = fault(mutant, whole, tmp_path / "model")
            if not said.endswith(" s"):
                break
        return said

    return [said for mutant in made if (said := of(mutant))]


def test_the_whole_folder_is_taken(whole, network, tmp_path):
    use(whole)
    folder = shutil.copytree(whole, tmp_path / "model")
    resign(folder)
    use(folder)
    assert not network


def test_there_are_enough_of_them(whole):
    assert sum(len(made) for made in mutants(whole).values()) >= 300


@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_folder_is_refused_in_one_sentence(whole, network, tmp_path, kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert faults(mutants(whole)[kind][::EVERY], whole, tmp_path) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # kilobytes
    assert not network


def test_a_damaged_folder_is_refused_in_one_sentence(whole, network, tmp_path):
    assert faults(damages(whole, DAMAGES), whole, tmp_path) == []
    assert not network
