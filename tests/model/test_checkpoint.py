from __future__ import annotations

import json
import shutil

import pytest
import torch
from typer.testing import CliRunner

from mmbm.branches.image.config import ImageConfig
from mmbm.cli import app
from mmbm.errors import ModelError, ModelNotFound, ModelTampered
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from mmbm.storage import CHECKSUMS, checksums, put, sign
from tests.made_cases import case


@pytest.fixture
def folder(tiny_model_dir, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(tiny_model_dir, copy)
    return copy


def test_a_model_reads_back_as_it_was_written(folder, tmp_path):
    first = checkpoint.read(folder)
    identity = checkpoint.write(tmp_path / "again", first.network, first.tools, {})
    second = checkpoint.read(tmp_path / "again")
    assert identity.sha256 == first.identity.sha256 == second.identity.sha256
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "config.json", "card.json", "card.md", "evaluation.json", "training.csv"],
)
def test_any_altered_file_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelTampered, match=f"^{name} of the model 'model' is not the file listed"):
        checkpoint.read(folder)


def test_a_file_too_many_or_too_few_is_refused(folder):
    (folder / "golden.json").write_text("{}")
    with pytest.raises(ModelTampered, match=r"'golden\.json' in the model 'model' is not listed"):
        checkpoint.read(folder)
    sign(folder)
    assert "golden.json" in checksums(folder)
    checkpoint.read(folder)
    (folder / "golden.json").unlink()
    with pytest.raises(ModelTampered, match=r"'golden\.json', listed in its checksums\.json"):
        checkpoint.read(folder)


def test_writing_one_file_does_not_vouch_for_the_others(folder):
    (folder / "card.md").write_text("another card")
    put(folder, "evaluation.json", (folder / "evaluation.json").read_bytes())
    with pytest.raises(ModelTampered, match=r"^card\.md of the model"):
        checkpoint.read(folder)


def test_a_folder_without_checksums_says_how_to_go_on(folder):
    (folder / CHECKSUMS).unlink()
    with pytest.raises(ModelError, match="run 'mmbm sign' on its folder"):
        checkpoint.read(folder)


def test_weights_that_do_not_fit_are_refused_by_name(folder):
    config = (folder / "config.json").read_text().replace('"features": 16', '"features": 24')
    put(folder, "config.json", config.encode())
    with pytest.raises(ModelError, match=r"does not fit: '[\w.]+' is [\dx ]+, but [\dx ]+ is expe"):
        checkpoint.read(folder)


def test_unknown_model_names_the_shipped_ones():
    with pytest.raises(ModelNotFound, match=r"No model 'nothing'.*default"):
        checkpoint.read("nothing")
    with pytest.raises(ModelNotFound):
        checkpoint.read("\0")


@pytest.mark.parametrize(
    "name", ["hf-hub:timm/resnet18", "hf_hub:a/b", "local-dir:/tmp", "timm/resnet18", "x:y", "../a"]
)
def test_a_backbone_from_elsewhere_is_refused(name):
    with pytest.raises(ValueError, match="nothing is downloaded from elsewhere"):
        ImageConfig(backbone=name)


def test_a_case_that_gives_no_finite_number_is_refused(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    torch.nn.init.constant_(predictor.network.normalise["image"].running_mean, float("inf"))
    with pytest.raises(ModelError, match="gave no finite number"):
        predictor.predict(case())


def test_what_the_card_lists_beyond_the_known_is_let_be(folder):
    facts = json.loads((folder / "card.json").read_text()) | {"lineage": [{"stage": "films"}]}
    put(folder, "card.json", json.dumps(facts).encode())
    checkpoint.read(folder)


def test_a_folder_is_signed_anew_on_the_command_line(folder):
    facts = json.loads((folder / "card.json").read_text()) | {"card": {"summary": "Ours."}}
    (folder / "card.json").write_text(json.dumps(facts))
    with pytest.raises(ModelTampered):
        checkpoint.read(folder)
    done = CliRunner().invoke(app, ["sign", str(folder)])
    assert done.exit_code == 0 and "are listed in its checksums.json" in done.output
    assert checkpoint.read(folder).identity.name == "tiny"
