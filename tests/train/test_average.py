"""Mean branches: of copies it is the branch itself; of two image branches it says their mean."""

from __future__ import annotations

import copy
import json
import shutil

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.errors import ConfigError
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.storage import put
from mmbm.train.average import average_backbones, average_weights
from tests.made_cases import TINY

PRESENT = torch.tensor([[True, False, False]])


def network(seed, config=TINY):
    torch.manual_seed(seed)
    net = MultimodalBigModel(config).eval().requires_grad_(False)
    torch.nn.init.normal_(net.head.weight)
    return net


def films(count=24):
    draw = torch.Generator().manual_seed(3)
    return torch.rand(count, 1, TINY.image.size, TINY.image.size, generator=draw) * 2 - 1


def settled(net, given):
    """The net with the norms that these films give it."""
    average_backbones(net, [copy.deepcopy(net)], "image", (given,))
    return net


def logits(net, given):
    spoken = net(Inputs(PRESENT.expand(len(given), -1), {"image": (given,)}))
    return spoken - spoken.mean(0)


def test_the_mean_of_copies_says_the_same():
    given = films()
    net = settled(network(0), given)
    before = logits(net, given)
    average_backbones(net, [copy.deepcopy(net), copy.deepcopy(net)], "image", (given,))
    assert torch.allclose(logits(net, given), before, atol=1e-3)


def test_runs_that_differ_behind_the_backbone_say_their_mean():
    """One backbone, two ends, a third net's head: every logit is the mean of the two, but for a
    shift."""
    given = films()
    one = settled(network(1), given)
    two, three = copy.deepcopy(one), copy.deepcopy(one)
    for seed, net in ((5, two), (6, three)):
        torch.manual_seed(seed)
        torch.nn.init.normal_(net.encoders["image"].project.weight, std=0.1)
        torch.nn.init.normal_(net.head.weight)
        settled(net, given)
    wanted = (logits(one, given) + logits(two, given)) / 2
    parts = three.encoders["notes"].state_dict()
    average_backbones(three, [one, two], "image", (given,))
    found = logits(three, given)
    assert float(torch.corrcoef(torch.stack([found.flatten(), wanted.flatten()]))[0, 1]) > 0.99
    features = three.features(Inputs(PRESENT.expand(len(given), -1), {"image": (given,)}))[:, 0]
    assert float(features.mean(0).abs().max()) < 1e-3
    assert torch.allclose(features.var(0, unbiased=False), torch.ones(()), atol=0.05)
    assert all(torch.equal(t, parts[n]) for n, t in three.encoders["notes"].state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"findings": ("pneumonia",)}, "same findings and settings for Chest X-ray"),
        ({"fusion": "concat"}, "weighted sum"),
    ],
)
def test_only_what_is_alike_averages(change, message):
    other = network(1, ModelConfig(**(TINY.model_dump() | change)))
    with pytest.raises(ConfigError, match=message):
        average_backbones(network(0), [other], "image", (films(),))


def test_the_mean_sound_branch_lies_between_and_nothing_else_moves():
    one = network(0)
    two = copy.deepcopy(one)
    torch.manual_seed(4)
    for name, weight in two.state_dict().items():
        if "audio" in name and weight.is_floating_point():
            weight.add_(torch.rand_like(weight))
    two.event_heads["audio"].bias.add_(1.0)
    mean = copy.deepcopy(one)
    average_weights(mean, [one, two], "audio")
    first, second, found = (net.state_dict() for net in (one, two, mean))
    moved = {name for name in first if not torch.equal(first[name], found[name])}
    assert moved and all("audio" in name for name in moved)
    assert {"event_heads.audio.weight", "event_heads.audio.bias"} <= moved
    for name in moved:
        assert torch.allclose(found[name], (first[name] + second[name]) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"audio": TINY.audio.model_copy(update={"events": ("normal",)})},
            "same settings and events for Lung sound",
        ),
        ({}, "the same head"),
        ({"fusion": "concat"}, "the same head"),
    ],
)
def test_only_sound_branches_that_speak_to_one_head_average(change, message):
    other = network(1, ModelConfig(**(TINY.model_dump() | change)))
    with pytest.raises(ConfigError, match=message):
        average_weights(network(0), [other], "audio")


def test_the_command_takes_sound_branches_and_needs_some_branch(tiny_run, tiny_model_dir, tmp_path):
    cases, audio = tiny_run / "cases" / "manifest.csv", ["--audio", str(tiny_model_dir)]
    asked = ["average", str(cases), "--model", str(tiny_model_dir), "--out", str(tmp_path / "mean")]
    answer = CliRunner().invoke(app, [*asked, *audio, *audio])
    assert answer.exit_code == 0, answer.output
    card = json.loads((tmp_path / "mean" / "card.json").read_text(encoding="utf-8"))
    own = checkpoint.read(tiny_model_dir).identity.sha256
    assert card["lineage"][-1]["averaged"] == {"audio": [own] * 2}
    mine, theirs = (checkpoint.read(f).network for f in (tmp_path / "mean", tiny_model_dir))
    kept = theirs.state_dict()
    assert all(torch.equal(t, kept[n]) for n, t in mine.state_dict().items() if "encoders" in n)
    nothing = CliRunner().invoke(app, asked)
    assert nothing.exit_code != 0 and "Name models to take a branch from" in nothing.output


def test_the_command_writes_a_model_that_names_its_branches(tiny_run, tiny_model_dir, tmp_path):
    cases, image = tiny_run / "cases" / "manifest.csv", ["--image", str(tiny_model_dir)]
    asked = ["average", str(cases), *image, *image, "--model", str(tiny_model_dir)]
    answer = CliRunner().invoke(
        app, [*asked, "--out", str(tmp_path / "mean"), "--version", "2.0.0"]
    )
    assert answer.exit_code == 0, answer.output
    card = json.loads((tmp_path / "mean" / "card.json").read_text(encoding="utf-8"))
    own = checkpoint.read(tiny_model_dir).identity.sha256
    assert [stage["kind"] for stage in card["lineage"]] == ["train", "average"]
    assert card["lineage"][0]["sha256"] == own == card["lineage"][1]["start_from"]
    assert card["lineage"][1]["averaged"] == {"image": [own] * 2}
    mine, theirs = (checkpoint.read(f).network for f in (tmp_path / "mean", tiny_model_dir))
    assert mine.config.version == "2.0.0" and (tmp_path / "mean" / "training.csv").is_file()
    head, kept = mine.head.weight, theirs.head.weight
    assert torch.equal(head, kept)


def test_what_a_branch_was_trained_without_does_not_set_the_norms(
    tiny_run, tiny_model_dir, tmp_path
):
    """A source that a branch left out is left out of the mean, unless another learned from it."""
    card = json.loads((tiny_model_dir / "card.json").read_text(encoding="utf-8"))
    assert card["trained_on"] == ["north", "south"]
    card |= {"leave_out": ["north"], "trained_on": ["south"]}
    card["data"] = [row for row in card["data"] if row["source"] == "south"]
    branch = tmp_path / "branch"
    shutil.copytree(tiny_model_dir, branch)
    put(branch, "card.json", json.dumps(card).encode())
    table = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    south = tiny_run / "cases" / "south.csv"
    table[table["source"] == "south"].to_csv(south, index=False)

    def mean(name, manifest, image, model):
        asked = ["average", str(manifest), "--image", str(image), "--model", str(model)]
        answer = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / name)])
        assert answer.exit_code == 0, answer.output
        found = json.loads((tmp_path / name / "card.json").read_text(encoding="utf-8"))
        norms = checkpoint.read(tmp_path / name).network.normalise["image"].running_mean
        return found["leave_out"], found["trained_on"], norms

    cases = tiny_run / "cases" / "manifest.csv"
    left_out, learned, without = mean("a", cases, branch, branch)
    mixed, both, whole = mean("b", cases, branch, tiny_model_dir)
    _, _, alone = mean("c", south, tiny_model_dir, tiny_model_dir)
    assert (left_out, learned) == (["north"], ["south"])
    assert (mixed, both) == ([], ["north", "south"])
    assert torch.equal(without, alone) and not torch.equal(without, whole)
