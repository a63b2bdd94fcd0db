"""Nets from folders of three families in one model: trained, kept without the folders, exact."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import mmbm
from mmbm.branches.registry import branch_of
from mmbm.explain.attribution import closer_maps, modality_shapley
from mmbm.explain.attribution.methods import TOLERANCE
from mmbm.model.config import ModelConfig
from mmbm.predict import Predictor
from mmbm.train.run import run_training
from tests.made_cases import TINY_TRAINING, case, with_parts, write_manifest
from tests.made_encoders import sound_folder, text_folder, vision_folder

PARTS = ("image", "notes", "audio")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The model's folder and what was in the folders, which are gone."""
    room = tmp_path_factory.mktemp("own")
    folders = {
        "image": vision_folder(room / "own-vit"),
        "notes": text_folder(room / "own-bert"),
        "audio": sound_folder(room / "own-waves"),
    }
    given = {m: load_file(folder / "model.safetensors") for m, folder in folders.items()}
    named = {m: {"encoder": "transformers", "folder": str(f)} for m, f in folders.items()}
    named["notes"] |= {"frozen": True}
    model = {"name": "own", "version": "1", "features": 8, "modalities": PARTS, **named}
    config = TINY_TRAINING.model_copy(
        update={"model": ModelConfig.parse(model), "epochs": 1, "image_weights": "imagenet"}
    )
    out = run_training(
        write_manifest(room / "cases", 32),
        room / "run",
        config,
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )
    for folder in folders.values():
        shutil.rmtree(folder)
    return shutil.copytree(out, room / "elsewhere"), given


@pytest.fixture(scope="module")
def predictor(made):
    return Predictor.load(made[0], "cpu", threads=1)


@pytest.fixture(scope="module")
def analysis(predictor):
    return mmbm.analyse(case(1), predictor)


def test_the_folder_of_the_model_has_all_it_needs_and_no_pickle(made):
    kinds = {path.suffix for path in made[0].iterdir()}
    assert kinds <= {".json", ".safetensors", ".md", ".csv"}
    assert {"tokenizer.json", "card.md", "evaluation.json"} <= {p.name for p in made[0].iterdir()}
    assert "own-bert" in (made[0] / "config.json").read_text()
    assert str(made[0].parent) not in (made[0] / "config.json").read_text()  # a name, no path
    assert "vit" in (made[0] / "card.md").read_text()


def test_the_frozen_net_is_the_folder_s_and_the_others_have_learned(made, predictor):
    _, given = made
    nets = predictor.network.encoders
    own = {
        "image": nets["image"].backbone.net,
        "notes": nets["notes"].net,
        "audio": nets["audio"].listener.net,
    }
    moved = {
        m: max(
            float((w - given[m][n]).abs().max())
            for n, w in net.state_dict().items()
            if n in given[m]
        )
        for m, net in own.items()
    }
    assert moved["notes"] < 1e-4 < min(moved["image"], moved["audio"])  # stored as float16


def test_the_account_is_exact_for_every_subset(predictor, analysis):
    whole = case(1)
    for parts in (("image",), ("notes",), ("audio",), ("image", "notes"), PARTS):
        some = mmbm.Case(**{m: whole.parts[m] for m in parts})
        for account in mmbm.analyse(some, predictor).accounts:
            assert account.residual <= 1e-5
            assert all(account.contributions[m] == 0 for m in PARTS if m not in parts)
    found = modality_shapley(analysis.prediction, "pneumonia")
    assert found == pytest.approx(analysis.account("pneumonia").contributions, abs=1e-6)


def test_the_maps_sum_to_the_contributions_in_their_places(analysis):
    for account in analysis.accounts:
        shown = analysis.map(account.finding)
        patches, words, moments = (shown.values(m) for m in PARTS)
        assert np.shape(patches) == (64, 64) and np.shape(moments) == (1, 99)
        spoken = [case(1).parts["notes"].text[w.start : w.end] for w in words if w.end > w.start]
        assert spoken[:3] == ["Fever", "and", "productive"]
        sums = (patches.sum(), sum(word.share for word in words), moments.sum())
        for modality, total in zip(PARTS, sums, strict=True):
            assert total == pytest.approx(account.contributions[modality], abs=1e-5)
            assert account.contributions[modality] != 0


def test_maps_down_to_the_input_are_complete(predictor, analysis):
    maps = closer_maps(predictor, analysis.prediction, "pneumonia")
    assert [found.over for found in maps] == ["pixels", "words", "samples"]
    assert all(found.delta <= TOLERANCE for found in maps)
    audio = branch_of("audio")
    assert [s.over for s in audio.spaces_of(predictor.config.audio)] == ["samples"]
    assert [s.over for s in audio.spaces] == ["bands", "samples"]


@torch.no_grad()
def test_a_patch_says_what_it_shows(predictor):
    """The evidence changes most where the film has changed."""
    before = case(1)
    greys = before.parts["image"].shown.copy()
    greys[:24, :24] = 1.0
    other = mmbm.analyse(
        with_parts(before, image=type(before.parts["image"])(pixels=greys, shown=greys)), predictor
    )
    moved = other.map("pneumonia").values("image") - mmbm.analyse(before, predictor).map(
        "pneumonia"
    ).values("image")
    assert max(np.unravel_index(np.abs(moved).argmax(), moved.shape)) < 64 // 4
