from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import binary_cross_entropy_with_logits

from mmbm.config import TrainConfig
from mmbm.errors import ConfigError, ManifestError
from mmbm.model.network import MultimodalBigModel
from mmbm.run import run_training
from mmbm.train import COALITIONS, coalition_loss
from tests.made_cases import TINY, TINY_TRAINING, write_manifest


def run(folder, manifest, config=TINY_TRAINING, *, resume=False, step=lambda _: None):
    return run_training(
        manifest, folder, config, resume=resume, device="cpu", reading=lambda *_: None, step=step
    )


def test_there_are_seven_coalitions():
    assert COALITIONS.shape == (7, 3) and bool(COALITIONS.any(1).all())
    assert len({tuple(row) for row in COALITIONS.tolist()}) == 7


def test_loss_by_hand():
    """One case with image and audio: image alone, audio alone and both count, nothing else."""
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY)
    features = torch.randn(1, 3, TINY.features)
    features[:, 1] = 0
    present = torch.tensor([[True, False, True]])
    labels = torch.tensor([[1.0, math.nan]])
    w, head = network.fusion.weights, network.head
    logits = torch.stack(
        [
            head(w[0] * features[0, 0])[0],
            head(w[2] * features[0, 2])[0],
            head(w[0] * features[0, 0] + w[2] * features[0, 2])[0],
        ]
    )
    expected = binary_cross_entropy_with_logits(logits, torch.full((3,), 0.95))
    found = coalition_loss(network, features, present, labels, smooth=0.05)
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_no_label_no_loss():
    network = MultimodalBigModel(TINY)
    unknown = torch.full((2, 2), math.nan)
    loss = coalition_loss(
        network, torch.randn(2, 3, TINY.features), torch.ones(2, 3).bool(), unknown, 0.0
    )
    assert loss.item() == 0.0


def test_a_run_killed_and_resumed_ends_with_the_same_weights(tiny_run, tmp_path):
    class Killed(Exception):
        pass

    def kill(step):
        if (step.epoch, step.batch) == (2, 2):
            raise Killed

    manifest = tiny_run / "cases" / "manifest.csv"
    with pytest.raises(Killed):
        run(tmp_path, manifest, step=kill)
    run(tmp_path, manifest, resume=True)
    resumed = load_file(tmp_path / "state.safetensors")
    unbroken = load_file(tiny_run / "run" / "state.safetensors")
    assert resumed.keys() == unbroken.keys()
    for name in unbroken:
        assert torch.equal(resumed[name], unbroken[name]), name
    assert len((tmp_path / "training.csv").read_text().splitlines()) == 3


def test_resuming_with_other_settings_is_refused(tiny_run, tmp_path):
    run_folder = tiny_run / "run"
    (tmp_path / "state.safetensors").write_bytes((run_folder / "state.safetensors").read_bytes())
    other = TINY_TRAINING.model_copy(update={"learning_rate": 0.5})
    with pytest.raises(ConfigError, match="another configuration"):
        run(tmp_path, tiny_run / "cases" / "manifest.csv", other, resume=True)


def test_a_manifest_without_val_is_refused(tmp_path):
    manifest = write_manifest(tmp_path, count=4)  # the first four are all train
    with pytest.raises(ManifestError, match="no row with split 'val'"):
        run(tmp_path / "run", manifest)


def test_a_finding_without_a_column_is_refused(tiny_run, tmp_path):
    config = TINY_TRAINING.model_copy(
        update={"model": TINY.model_copy(update={"findings": ("gout",)})}
    )
    with pytest.raises(ManifestError, match=r"no column 'gout'.*it has pneumonia, no_finding"):
        run(tmp_path, tiny_run / "cases" / "manifest.csv", config)


def test_an_unknown_setting_lists_the_valid_ones(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text("[model.notes]\nhiden = 3\n")
    with pytest.raises(
        ConfigError, match=r"'model\.notes\.hiden'; valid here: vocabulary, .*hidden"
    ):
        TrainConfig.read(path)
    path.write_text("epochs = 0\n")
    with pytest.raises(ConfigError, match="Setting 'epochs'"):
        TrainConfig.read(path)
    path.write_text("epochs = = 3")
    with pytest.raises(ConfigError, match="could not be read as TOML"):
        TrainConfig.read(path)
