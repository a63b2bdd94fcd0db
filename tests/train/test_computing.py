"""bfloat16 and torch.compile in training: the same weights by name and kind, nearly the same run.

Inductor takes a minute or more, so the compiled runs here go through the backend "eager": what
Dynamo traced is run as it stands. benchmarks/compiled.py runs inductor.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.train import Processes, loop
from mmbm.train.computing import autocast, compiled, precision_of
from mmbm.train.config import TrainConfig
from mmbm.train.run import run_training
from tests.made_cases import TINY, TINY_TRAINING, write_manifest

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return write_manifest(tmp_path_factory.mktemp("cases"), 32)


FILMS = ModelConfig.parse(TINY.model_dump() | {"modalities": ("image",)})
RUN = TINY_TRAINING.model_copy(update={"model": FILMS})


def run(folder, manifest, *, resume=False, **changed):
    run_training(
        manifest,
        folder,
        RUN.model_copy(update=changed),
        resume=resume,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )
    log = pd.read_csv(folder / "training.csv")
    return load_file(folder / "state.safetensors"), log["loss"].to_numpy()


def settings_on_the_card(folder):
    return json.loads((folder / "model" / "card.json").read_text())["lineage"][-1]["settings"]


@pytest.fixture(scope="module")
def plain(manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "run"
    return *run(folder, manifest), folder


def test_bfloat16_on_request_keeps_the_weights_float32(plain, manifest, tmp_path):
    wanted, losses, folder = plain
    weights, found = run(tmp_path / "run", manifest, precision="bfloat16")
    assert {n: (w.dtype, w.shape) for n, w in weights.items()} == {
        n: (w.dtype, w.shape) for n, w in wanted.items()
    }
    assert found == pytest.approx(losses, abs=0.02)
    assert (found != losses).any()  # it was bfloat16
    assert settings_on_the_card(tmp_path / "run")["precision"] == "bfloat16"
    assert "precision" not in settings_on_the_card(folder)  # float32, as every card without it


def test_every_branch_reads_in_bfloat16_and_gives_float32():
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY).train()
    parts = {
        "image": (torch.rand(4, 1, 64, 64),),
        "notes": (torch.randint(2, 400, (4, 9)), torch.tensor([9, 4, 1, 7])),
        "audio": (torch.randn(4, 16_000),),
    }
    inputs = Inputs(torch.ones(4, 3, dtype=torch.bool), parts)
    kinds = []
    network.encoders["image"].register_forward_hook(lambda _m, _i, out: kinds.append(out.dtype))
    with autocast("bfloat16", CPU):
        read = network.read(inputs)
    assert kinds == [torch.bfloat16]
    assert {seen.vectors.dtype for seen in read.values()} == {torch.float32}
    network.gather(read, inputs.present).sum().backward()
    assert {p.grad.dtype for p in network.parameters() if p.grad is not None} == {torch.float32}


def test_auto_is_bfloat16_only_on_a_gpu_that_has_it(monkeypatch):
    gpu = torch.device("cuda")
    for has in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda _e=True, has=has, **_: has)
        assert precision_of("auto", gpu) == ("bfloat16" if has else "float32")
        assert precision_of("auto", CPU) == "float32"
    assert [precision_of(p, gpu) for p in ("float32", "bfloat16")] == ["float32", "bfloat16"]


def test_a_compiled_run_has_the_same_weights_by_name_and_goes_on_either_way(
    plain, manifest, tmp_path, monkeypatch
):
    wanted, losses, _ = plain
    twins = []

    def traced(network, device):
        twins.append(compiled(network, device, "eager"))
        return twins[-1]

    monkeypatch.setattr(loop, "compiled", traced)

    def killed(history, config):
        if len(history) == 1:
            raise KeyboardInterrupt
        return len(history) >= config.epochs

    for name, first, then in (("on", True, False), ("off", False, True)):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(loop, "_finished", killed)
            run(tmp_path / name, manifest, compile=first)
        weights, found = run(tmp_path / name, manifest, resume=True, compile=then)
        assert weights.keys() == wanted.keys()
        assert found == pytest.approx(losses, abs=1e-3)
        assert settings_on_the_card(tmp_path / name).get("compile", False) is then
    assert len(twins) == 2
    for twin in twins:
        assert all("_orig_mod" in name for name in twin.encoders.state_dict())  # it was compiled


def test_a_twin_shares_every_weight():
    network = MultimodalBigModel(FILMS)
    twin = compiled(network, CPU, "eager")
    assert {id(p) for p in twin.parameters()} == {id(p) for p in network.parameters()}
    assert twin.normalise["image"] is network.normalise["image"]
    assert not any("_orig_mod" in name for name in network.state_dict())


def test_where_nothing_compiles_one_sentence_says_so(manifest, tmp_path, monkeypatch):
    def broken(_graph, _inputs):
        raise RuntimeError("no g++")

    with pytest.raises(ConfigError, match=r"does not work here for the device cpu\. Install a C\+"):
        compiled(MultimodalBigModel(FILMS), CPU, broken)
    torch.compiler.reset()
    monkeypatch.setattr(loop, "compiled", lambda n, d: compiled(n, d, broken))
    settings = tmp_path / "run.json"
    settings.write_text(RUN.model_dump_json())
    given = ["train", str(manifest), "--out", str(tmp_path / "run"), "--config", str(settings)]
    done = CliRunner().invoke(app, [*given, "--device", "cpu", "--compile"])
    assert done.exit_code == 2 and "or train without compile" in " ".join(done.stderr.split())
    torch.compiler.reset()


def test_several_processes_do_not_compile(tmp_path):
    class Corpus(list):
        pass

    with pytest.raises(ConfigError, match="compile goes with one process alone"):
        loop.train(
            Corpus(range(8)),
            TrainConfig(compile=True, batch=8),
            tmp_path,
            team=Processes(CPU, 0, 2),
        )
