from __future__ import annotations

import json
import shutil

import pytest
import torch

from mmbm.errors import ModelError, ModelNotFound, ModelTampered
from mmbm.model import checkpoint


@pytest.fixture
def folder(tiny_model_dir, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(tiny_model_dir, copy)
    return copy


def test_a_model_reads_back_as_it_was_written(folder, tmp_path):
    first = checkpoint.read(folder)
    identity = checkpoint.write(tmp_path / "again", first.network, first.tokenizer, {})
    second = checkpoint.read(tmp_path / "again")
    assert identity.sha256 == first.identity.sha256 == second.identity.sha256
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name


def test_altered_weights_are_refused(folder):
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelTampered, match="is not the file its card describes"):
        checkpoint.read(folder)


def test_an_altered_config_is_refused(folder):
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelTampered, match=r"config\.json"):
        checkpoint.read(folder)


def test_a_card_without_hashes_is_refused(folder):
    (folder / "card.json").write_text(json.dumps({"name": "tiny"}))
    with pytest.raises(ModelError, match="is incomplete"):
        checkpoint.read(folder)


def test_weights_that_do_not_fit_are_refused(folder):
    loaded = checkpoint.read(folder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"features": 16', '"features": 24'))
    card = json.loads((folder / "card.json").read_text())
    card["sha256"]["config.json"] = checkpoint._sha256(config.read_bytes())
    (folder / "card.json").write_text(json.dumps(card))
    assert loaded.network.config.features == 16
    with pytest.raises(ModelError, match="do not fit"):
        checkpoint.read(folder)


def test_unknown_model_names_the_shipped_ones():
    with pytest.raises(ModelNotFound, match=r"No model 'nothing'.*default"):
        checkpoint.read("nothing")
