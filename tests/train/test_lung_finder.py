"""A model can be trained with a lung finder of one's own, and carries it from then on."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from mmbm.branches.image.lungs import LungFinder, LungNet
from mmbm.case import Case
from mmbm.errors import ModelError, ModelTampered
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from mmbm.storage import checksums, put, sign
from mmbm.train.run import run_training
from tests.made_cases import TINY, TINY_TRAINING, picture, write_manifest


def write_finder(folder):
    """Of a finder to which everything is lung."""
    net = LungNet()
    torch.nn.init.zeros_(net.out.weight)
    torch.nn.init.ones_(net.out.bias)
    LungFinder(net).save(folder, {})
    return folder


def train(folder, finder):
    image = TINY.image.model_copy(update={"lungs": True, "lung_finder": str(finder)})
    model = TINY.model_copy(update={"image": image})
    config = TINY_TRAINING.model_copy(update={"model": model, "epochs": 1})
    manifest = write_manifest(folder / "cases", 32)
    return run_training(
        manifest,
        folder / "run",
        config,
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Trained with a finder whose folder is gone."""
    folder = tmp_path_factory.mktemp("finder")
    made = train(folder, write_finder(folder / "ours"))
    shutil.rmtree(folder / "ours")
    return made


def lungs_of(predictor):
    return predictor.predict(Case(image=picture())).features.prepared["image"].lungs


def test_the_model_looks_for_lungs_with_the_finder_it_was_trained_with(model, tiny_model_dir):
    assert lungs_of(Predictor.load(model, "cpu", threads=1)).area == 1.0
    assert lungs_of(Predictor.load(tiny_model_dir, "cpu", threads=1)).area < 0.5


def test_it_is_a_file_of_the_model_like_any_other(model, tmp_path):
    assert "lungs.safetensors" in checksums(model)
    settings = json.loads((model / "config.json").read_text())
    assert settings["image"]["lung_finder"] == "ours"  # no path of the machine it was trained on
    assert "lung_finder_sha256" not in json.loads((model / "card.json").read_text())
    spoilt = shutil.copytree(model, tmp_path / "model")
    (spoilt / "lungs.safetensors").write_bytes(b"other")
    with pytest.raises(ModelTampered, match=r"lungs\.safetensors .* is not the file"):
        checkpoint.read(spoilt)
    put(spoilt, "lungs.safetensors", b"other")
    with pytest.raises(ModelError, match=r"lungs\.safetensors of the model 'model' is damaged"):
        checkpoint.read(spoilt)
    (spoilt / "lungs.safetensors").unlink()
    sign(spoilt)
    with pytest.raises(ModelError, match=r"'model' is incomplete: it has no lungs\.safetensors"):
        checkpoint.read(spoilt)


def test_a_model_made_from_it_keeps_it(model, tmp_path):
    loaded = checkpoint.read(model)
    checkpoint.write(tmp_path / "next", loaded.network, loaded.tools, {})
    assert (tmp_path / "next" / "lungs.safetensors").read_bytes() == (
        model / "lungs.safetensors"
    ).read_bytes()


def test_a_folder_without_a_finder_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"lung finder 'nowhere' has no model\.safetensors"):
        train(tmp_path, tmp_path / "nowhere")
