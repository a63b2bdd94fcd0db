from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.prepare import (
    equalise,
    film,
    find_lungs,
    likeness,
    lung_film,
    prepare,
    prepare_film,
    shrink,
)
from mmbm.branches.parts import WHOLE
from mmbm.case import Picture
from tests.made_cases import TINY, picture


def test_equalise_ranks_the_greys():
    square = torch.tensor([[[0.9, 0.1], [0.5, 0.2]]])
    expected = torch.tensor([[[1.0, -1.0], [1 / 3, -1 / 3]]])
    assert torch.allclose(equalise(square), expected, atol=1e-6)


def test_equalise_gives_ties_one_rank():
    flat = equalise(torch.tensor([[[0.3, 0.3], [0.3, 0.8]]]))
    assert flat[0, 0, 0] == flat[0, 0, 1] == flat[0, 1, 0] < flat[0, 1, 1]


def test_window_and_gamma_do_not_reach_the_model():
    original = picture()
    changed = replace(original, shown=(0.2 + 0.5 * original.shown**1.0).astype(np.float32))
    same = film(original, 64) - film(changed, 64)
    assert float(same.abs().max()) < 0.01


def test_a_negative_is_the_film_turned_round():
    original = picture()
    negative = replace(original, shown=1.0 - original.shown)
    assert torch.allclose(film(negative, 64), -film(original, 64), atol=0.01)


def test_a_negative_is_noticed_and_turned_back():
    shown = picture().shown
    mean = torch.nn.functional.interpolate(film(picture(), 64)[None], (32, 32), mode="area")[0, 0]
    assert likeness(film(picture(), 64), mean) > 0.9
    negative = Picture(pixels=1 - shown, shown=1 - shown)
    prepared = prepare(negative, TINY.image, mean)
    assert any("negative" in warning for warning in prepared.warnings)
    assert torch.allclose(prepared.tensors[0][0], film(picture(), 64), atol=0.01)


@pytest.mark.parametrize("lungs", [False, True])
@pytest.mark.parametrize("cycles", [0.0, 24.0])
@pytest.mark.parametrize("negative", [False, True])
def test_a_film_made_in_one_go_is_the_one_made_from_the_start(lungs, cycles, negative):
    config = ImageConfig(size=64, lungs=lungs, cycles=cycles)
    mean = film(picture(), 32)[0] * (-1 if negative else 1)
    made = prepare_film(picture(), config, mean)
    assert made.turned is negative
    shown = 1 - picture().shown if negative else picture().shown
    found = find_lungs(equalise(shrink(shown, 64)))
    greys = lung_film(shown, found, 64) if lungs else shrink(shown, 64)
    assert torch.equal(made.planes, greys)
    assert made.box == (found.box if lungs else WHOLE)


@pytest.mark.parametrize("size", [32, 50])
def test_film_is_square_whatever_the_aspect(size):
    wide = np.random.default_rng(0).random((40, 90)).astype(np.float32)
    assert film(Picture(wide, wide), size).shape == (1, size, size)
