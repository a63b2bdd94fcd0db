"""Runs in processes of their own: killed at a random moment, or two side by side."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from mmbm.case import MODALITIES
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.model import checkpoint
from mmbm.model.network import MultimodalBigModel
from mmbm.train.loader import load
from tests.made_cases import TINY, TINY_TRAINING

ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def command(folder, manifest, config=TINY_TRAINING, *more, launch=()):
    settings = folder.with_suffix(".json")
    settings.write_text(config.model_dump_json())
    python = [sys.executable, "-m"]
    start = [*python, *launch, *(["-m"] if launch else []), "mmbm"]
    train = ["train", str(manifest), "--out", str(folder), "--config", str(settings)]
    return [*start, *train, "--device", "cpu", *more]


def finish(*given, **named):
    done = subprocess.run(
        command(*given, **named), env=ONE_THREAD, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return load_file(given[0] / "state.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


@pytest.mark.slow
def test_a_run_killed_at_a_random_moment_ends_with_the_same_weights(tiny_run, tmp_path):
    manifest = tiny_run / "cases" / "manifest.csv"
    config = TINY_TRAINING.model_copy(update={"epochs": 6, "ema": 0.9, "patience": 5, "workers": 1})
    unbroken = finish(tmp_path / "unbroken", manifest, config)
    broken = tmp_path / "broken"
    process = subprocess.Popen(
        command(broken, manifest, config), env=ONE_THREAD, stderr=subprocess.DEVNULL
    )
    while not (broken / "state.safetensors").is_file() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0.0, 1.0))  # anywhere in the epochs, a save or an evaluation
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert same(finish(broken, manifest, config, "--resume"), unbroken)
    for name in ("model.safetensors", "evaluation.json"):
        assert (broken / "model" / name).read_bytes() == (
            tmp_path / "unbroken" / "model" / name
        ).read_bytes()


TWO = ("torch.distributed.run", "--standalone", "--nproc-per-node=2")


LUNGS = TINY.model_copy(update={"image": TINY.image.model_copy(update={"lungs": True})})
PLACES = {"opacities": 0.9, "localise": 2.0, "model": LUNGS}


SHIFTS = ("image.project.bias", "bn2.bias", "normalise.image.running_mean")
"""What the feature's norm takes out again: no loss moves it, so rounding alone does."""


def few_films(manifest):
    """The same cases, of which two in three that are trained on have no film.

    In two of 12 batches of 8 all films are in one process's half, in one there is a single film.
    """
    rows = pd.read_csv(manifest, keep_default_na=False)
    rows.loc[(rows["split"] == "train") & (rows.index % 3 != 0), "image"] = ""
    rows.to_csv(manifest.with_name("few.csv"), index=False)
    return manifest.with_name("few.csv")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trained", "of", "more"),
    [("image", few_films, {"batch": 8}), ("head", lambda manifest: manifest, PLACES)],
    ids=["films", "localise"],
)
def test_two_processes_take_the_steps_of_one(tiny_run, tmp_path, trained, of, more):
    """Films are normalised over the batch of both; a net that draws (dropout) is left out."""
    manifest = of(tiny_run / "cases" / "manifest.csv")
    frozen = {"freeze": tuple(m for m in MODALITIES if m != trained), "ema": 0.5}
    config = TINY_TRAINING.model_copy(update={"batch": 16, "epochs": 3} | frozen | more)
    one = finish(tmp_path / "one", manifest, config)
    two = finish(tmp_path / "two", manifest, config, launch=TWO)
    assert one.keys() == two.keys()
    for name in one:
        if not name.endswith(SHIFTS):
            assert torch.allclose(one[name].float(), two[name].float(), rtol=1e-4, atol=5e-5), name
    logs = [pd.read_csv(tmp_path / name / "training.csv") for name in ("one", "two")]
    assert logs[1]["loss"].to_numpy() == pytest.approx(logs[0]["loss"].to_numpy(), abs=1e-5)
    torch.manual_seed(config.seed)
    made = checkpoint.read(tmp_path / "one" / "model").network.config
    began = MultimodalBigModel(made).state_dict()
    name = "head.weight" if trained == "head" else "encoders.image.project.weight"
    assert not torch.allclose(one[f"network.{name}"], began[name], atol=1e-3)


@pytest.mark.slow
def test_two_processes_are_deterministic_and_learn_alike(tiny_run, tmp_path):
    """Each draws its own dropout: the losses agree to 5 %, not to the bit."""
    manifest = tiny_run / "cases" / "manifest.csv"
    config = TINY_TRAINING.model_copy(update={"batch": 16, "epochs": 3})
    finish(tmp_path / "one", manifest, config)
    two = finish(tmp_path / "two", manifest, config, launch=TWO)
    assert same(two, finish(tmp_path / "again", manifest, config, launch=TWO))
    logs = [pd.read_csv(tmp_path / name / "training.csv") for name in ("one", "two")]
    assert list(logs[0]["epoch"]) == list(logs[1]["epoch"]) == [1, 2, 3]
    assert logs[1]["loss"].to_numpy() == pytest.approx(logs[0]["loss"].to_numpy(), rel=0.05)


def test_workers_change_nothing(tiny_run):
    manifest = read_manifest(tiny_run / "cases" / "manifest.csv")
    loaded = checkpoint.read(tiny_run / "run" / "model")
    config = loaded.network.config
    corpus = read_corpus(manifest, read_texts(manifest), config, loaded.tools)
    settings = TINY_TRAINING.model_copy(update={"workers": 0, "mixup": 0.5})
    alone = list(load(corpus, settings, first=0))
    torch.rand(5)  # other draws change nothing either
    beside = list(load(corpus, settings.model_copy(update={"workers": 2}), first=0))
    assert len(alone) == len(beside) == 2 * (64 // 8)
    for a, b in zip(alone, beside, strict=True):
        assert a.inputs.parts.keys() == b.inputs.parts.keys() == {*MODALITIES}
        for modality in MODALITIES:
            one, other = a.inputs.parts[modality], b.inputs.parts[modality]
            assert all(torch.equal(x, y) for x, y in zip(one, other, strict=True))
    assert not torch.equal(alone[0].inputs.parts["image"][0], alone[8].inputs.parts["image"][0])
    halves = [next(load(corpus, settings, first=1, rank=r, world=2)) for r in (0, 1)]
    whole = alone[8]
    assert torch.equal(whole.labels[0::2].nan_to_num(9), halves[0].labels.nan_to_num(9))
    assert torch.equal(whole.labels[1::2].nan_to_num(9), halves[1].labels.nan_to_num(9))
