"""Where the film lies in a picture, and that what surrounds it does not reach the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mmbm.branches.image.condition import Extent, extent
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.edits import erase
from mmbm.branches.image.lungs import SIDE, Lungs
from mmbm.branches.image.prepare import (
    equalise,
    film,
    prepare_film,
    shrink,
    standardise,
    stored_greys,
)
from mmbm.branches.parts import WHOLE, Box
from mmbm.case import Picture
from tests.made_cases import picture
from tests.made_films import chest

STORED = ImageConfig(size=64, greys="stored")
MEAN = film(picture(), 32)[0]


def framed(greys, top, bottom, left, right, grey):
    return np.pad(greys, ((top, bottom), (left, right)), constant_values=grey)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sides", [(20, 20, 18, 18), (67, 67, 60, 60), (0, 50, 0, 0), (0, 0, 5, 0)])
def test_a_border_is_found_whatever_its_grey_and_width(grey, sides):
    top, _, left, _ = sides
    greys = framed(chest(), *sides, grey)
    assert extent(greys) == Extent(top, top + 200, left, left + 180)
    np.testing.assert_array_equal(extent(greys).cut(greys), chest())


def test_a_film_without_a_border_is_left_whole():
    assert extent(chest()) == Extent(0, 200, 0, 180)
    flat = np.full((50, 60), 0.3, np.float32)
    assert extent(flat) == Extent(0, 50, 0, 60)  # one grey throughout says nothing


def test_borders_of_noise_and_with_a_little_print_are_borders():
    noise = np.random.default_rng(1).normal(0, 0.008, (240, 220)).astype(np.float32)
    greys = framed(chest(), 20, 20, 20, 20, 0.02) + noise
    greys[8:12, 100:108] = 1.0
    assert extent(greys) == Extent(20, 220, 20, 200)


def test_a_large_picture_is_looked_at_in_steps_and_cut_as_well():
    large = np.kron(chest(600, 550), np.ones((4, 4), np.float32))
    found = extent(framed(large, 200, 200, 300, 300, 0.0))
    assert np.abs(np.array(found) - (200, 2600, 300, 2500)).max() <= 4


@pytest.mark.parametrize("grey", [0.0, 1.0])
@pytest.mark.parametrize("share", [0.10, 0.25])
def test_a_border_does_not_reach_the_model(grey, share):
    bare = chest()
    wide = [int(share * side / (1 - 2 * share)) for side in bare.shape]
    greys = framed(bare, wide[0], wide[0], wide[1], wide[1], grey)
    plain, bordered = (prepare_film(Picture(g, g), STORED, MEAN) for g in (bare, greys))
    assert torch.allclose(
        standardise(plain.planes, STORED), standardise(bordered.planes, STORED), atol=0.02
    )
    assert plain.box == WHOLE and bordered.box != WHOLE


def test_the_display_window_does_not_reach_the_model():
    """The window in a file's header cuts greys of what is shown, not of what is stored."""
    stored = 4000 * picture().shown - 1000
    wide, narrow = (
        Picture(stored, shown=picture().shown.clip(*ends)) for ends in ((0, 1), (0.4, 0.6))
    )
    made = [standardise(prepare_film(p, STORED, MEAN).planes, STORED) for p in (wide, narrow)]
    assert torch.equal(*made)
    assert float(made[0].min()) == -1.0 and float(made[0].max()) == 1.0


def test_a_few_pixels_of_print_do_not_set_the_range():
    marked = picture().shown * 0.5
    printed = marked.copy()
    printed[:3, :3] = 1.0
    plain, spoilt = (
        standardise(shrink(stored_greys(Picture(g, g)), 64), STORED) for g in (marked, printed)
    )
    assert float((plain - spoilt).abs().median()) < 0.02


def test_a_negative_is_turned_round_and_told_of():
    negative = Picture(1 - picture().shown, 1 - picture().shown)
    made, plain = (prepare_film(p, STORED, MEAN) for p in (negative, picture()))
    assert made.turned and any("negative" in w for w in made.warnings)
    ends = [standardise(f.planes, STORED) for f in (made, plain)]
    assert torch.allclose(*ends, atol=0.02)


def test_lungs_found_in_a_part_lie_in_that_part_of_the_picture():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, : SIDE // 2] = True
    placed = Lungs(mask).within(Box(0.25, 0.75, 0.5, 1.0)).mask
    assert placed.mean() == pytest.approx(0.5 * 0.25)
    assert placed[SIDE // 2, SIDE // 2 + 1] and not placed[SIDE // 2, SIDE // 4]
    assert not placed[: SIDE // 4].any() and not placed[:, -SIDE // 4 :].any()
    whole = Lungs(mask)
    assert whole.within(WHOLE) is whole


def test_an_edit_reaches_what_is_stored_too():
    seen = Picture(100 * picture().shown, picture().shown)
    edited = erase(seen, Box(0.2, 0.5, 0.2, 0.5))
    assert not np.array_equal(edited.pixels, seen.pixels)
    np.testing.assert_allclose(edited.pixels, 100 * edited.shown, rtol=1e-3, atol=0.05)


def test_stored_greys_and_the_lung_crop_do_not_go_together():
    with pytest.raises(ValidationError, match="set lungs = false and cycles = 0"):
        ImageConfig(greys="stored", lungs=True)
    old = replace(picture(), pixels=picture().pixels * 7)
    assert torch.equal(prepare_film(old, ImageConfig(size=64), MEAN).planes, shrink(old.shown, 64))
    assert torch.equal(equalise(shrink(old.shown, 64)), film(old, 64))
