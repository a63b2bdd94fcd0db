"""Evidence put at a known place, or in a known part, is what the maps and the ledger name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from mmbm.case import MODALITIES, Case, Notes, Picture, Sound
from mmbm.explain.attribution import attribute, modality_shapley
from mmbm.predict import Predictor
from tests.made_cases import TINY, case, write_model

TRIES = 20


class Bright(nn.Module):
    """A branch that gathers what is much brighter than the rest."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.see = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU6(), nn.AvgPool2d(4))
        self.project = nn.Conv2d(1, features, 1)
        nn.init.constant_(self.see[0].weight, 1.0)
        nn.init.constant_(self.see[0].bias, -6.0)
        nn.init.constant_(self.project.weight, 1.0)

    def forward(self, film):
        return self.project(self.see(film))


@pytest.fixture
def predictor(tmp_path):
    made = Predictor.load(write_model(tmp_path, "weighted_sum"), "cpu", threads=1)
    nn.init.constant_(made.network.head.weight, 1.0)
    made._readout = made.network.readout()
    return made


def test_an_opacity_is_named(predictor):
    predictor.network.encoders["image"] = Bright(TINY.features).eval()
    draw, hits = np.random.default_rng(0), 0
    for _ in range(TRIES):
        film = draw.random((64, 64)).astype(np.float32) * 0.5
        top, left = draw.integers(4, 52, 2)
        film[top : top + 8, left : left + 8] += 0.5
        prediction = predictor.predict(Case(image=Picture(film, film)))
        shares = attribute(predictor, prediction, "pixels", "pneumonia").values
        tiles = shares.reshape(16, 4, 16, 4).sum((1, 3))
        row, column = np.unravel_index(tiles.argmax(), tiles.shape)
        if abs(4 * row + 2 - top - 4) <= 6 and abs(4 * column + 2 - left - 4) <= 6:
            hits += 1
    assert hits >= 0.9 * TRIES


def test_a_sign_word_is_named(predictor):
    embed = predictor.network.encoders["notes"].embed
    sign = predictor.tools["notes"].encode("fever").ids
    with torch.no_grad():
        embed.weight.mul_(0.05)
        embed.weight[sign] = 3.0
    others, draw, hits = ["cough", "pain", "chest", "routine", "check"], np.random.default_rng(1), 0
    for _ in range(TRIES):
        words = [str(w) for w in draw.choice(others, 8)]
        words.insert(int(draw.integers(0, 9)), "fever")
        text = " ".join(words)
        prediction = predictor.predict(Case(notes=Notes(text)))
        shares = attribute(predictor, prediction, "words", "pneumonia").values
        strongest = max(shares, key=lambda word: abs(word.share))
        hits += text[strongest.start : strongest.end] == "fever"
    assert hits >= 0.9 * TRIES


def test_a_click_is_named(predictor):
    audio = predictor.network.encoders["audio"]
    audio.convolve = Bright(TINY.features).see.eval()
    audio.project = Bright(TINY.features).project
    draw, hits = np.random.default_rng(2), 0
    for _ in range(TRIES):
        waveform = 0.01 * draw.standard_normal(32000).astype(np.float32)
        at = int(draw.integers(2000, 30000))
        waveform[at : at + 200] += 0.5 * draw.standard_normal(200).astype(np.float32)
        prediction = predictor.predict(Case(audio=Sound(waveform)))
        shares = attribute(predictor, prediction, "bands", "pneumonia").values.sum(0)
        hits += abs(int(shares.argmax()) * TINY.audio.hop - at) <= 1000
    assert hits >= 0.9 * TRIES


@pytest.mark.parametrize("cause", MODALITIES)
def test_the_part_that_carries_the_signal_is_named(predictor, cause):
    prediction = predictor.predict(case())
    means = torch.zeros_like(prediction.features.means)
    draw, named = torch.Generator().manual_seed(3), 0
    for _ in range(TRIES):
        noise = 0.05 * torch.randn(means.shape, generator=draw)
        noise[MODALITIES.index(cause)] += 1.0
        moved = replace(prediction, features=replace(prediction.features, means=noise))
        shapley = modality_shapley(moved, "pneumonia")
        named += max(shapley, key=lambda m: abs(shapley[m])) == cause
    assert named >= 0.95 * TRIES
