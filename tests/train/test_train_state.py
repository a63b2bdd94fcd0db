"""A run's state: whole it is taken, damaged anywhere it is refused by its name."""

from __future__ import annotations

import json
import random

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from mmbm.errors import ModelError
from mmbm.model.network import MultimodalBigModel
from mmbm.train.state import RunState, restore, save
from tests.made_cases import TINY, TINY_TRAINING

DAMAGED = r"^'state\.safetensors' in 'run' is damaged, or of another version"


def fresh():
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY)
    return RunState(network, torch.optim.AdamW(network.parameters()))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a run after one step."""
    out = tmp_path_factory.mktemp("kept") / "run"
    out.mkdir()
    run = fresh()
    for parameter in run.network.parameters():
        parameter.grad = torch.ones_like(parameter)
    run.optimizer.step()
    run.history.append({"epoch": 1.0, "loss": 0.5})
    save(out, run, TINY_TRAINING)
    return out


def test_a_whole_state_is_taken(kept):
    run = fresh()
    restore(kept, run, TINY_TRAINING)
    stored = load_file(kept / "state.safetensors")
    for name, weight in run.network.state_dict().items():
        assert torch.equal(weight, stored[f"network.{name}"]), name
    assert run.history == [{"epoch": 1.0, "loss": 0.5}]


def test_a_damaged_state_is_refused_by_name(kept, tmp_path):
    whole = (kept / "state.safetensors").read_bytes()
    draw = random.Random(0)
    spoilt = [b"", b"nothing of the kind", whole[:-1], whole + b"\0"]
    spoilt += [whole[: draw.randrange(len(whole))] for _ in range(10)]
    for place in (20, 300, *(draw.randrange(len(whole)) for _ in range(30))):
        changed = bytearray(whole)
        changed[place] ^= 1 << draw.randrange(8)
        spoilt.append(bytes(changed))
    out = tmp_path / "run"
    out.mkdir()
    for content in spoilt:
        (out / "state.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match=DAMAGED):
            restore(out, fresh(), TINY_TRAINING)


def test_a_state_without_its_sum_or_in_place_of_a_file_is_refused(kept, tmp_path):
    out = tmp_path / "run"
    (out / "state.safetensors").mkdir(parents=True)
    with pytest.raises(ModelError, match=DAMAGED):
        restore(out, fresh(), TINY_TRAINING)
    (out / "state.safetensors").rmdir()
    with safe_open(kept / "state.safetensors", "pt") as file:
        about = {key: text for key, text in file.metadata().items() if key != "sha256"}
    assert json.loads(about["history"]) == [{"epoch": 1.0, "loss": 0.5}]
    save_file(load_file(kept / "state.safetensors"), out / "state.safetensors", about)
    with pytest.raises(ModelError, match=DAMAGED):
        restore(out, fresh(), TINY_TRAINING)
