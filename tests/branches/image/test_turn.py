"""A film that lies askew in its picture is told of; films that lie straight are not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmbm.branches.image.condition import turn_of
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.prepare import film, prepare_film
from mmbm.case import Picture
from tests.made_cases import picture
from tests.made_films import chest

MEAN = film(picture(), 32)[0]


def turned(greys, degrees, grey, larger=False):
    return np.array(
        Image.fromarray(greys).rotate(
            degrees, Image.Resampling.BILINEAR, expand=larger, fillcolor=grey
        )
    )


@pytest.mark.parametrize("larger", [False, True])
@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("degrees", [-12, -7, -4, 3, 7, 11])
def test_the_turn_is_found_whatever_lies_around_the_film(degrees, grey, larger):
    assert turn_of(turned(chest(), degrees, grey, larger)) == pytest.approx(degrees, abs=1)


@pytest.mark.parametrize("size", [(700, 500), (1500, 1800)])
def test_it_is_found_in_a_photograph_with_noise_on_a_table(size):
    wide = np.pad(chest(*size), 60, constant_values=0.3)
    greys = turned(wide, 6, 0.3) + np.random.default_rng(3).normal(0, 0.008, wide.shape)
    assert turn_of(greys.clip(0, 1).astype(np.float32)) == pytest.approx(6, abs=1)


@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
def test_a_film_that_lies_straight_in_a_border_is_not_turned(grey):
    assert turn_of(np.pad(chest(), 40, constant_values=grey)) == 0
    assert turn_of(turned(chest(), 1.5, grey)) == 0  # no more than films are


def test_round_and_slanting_surroundings_are_no_turn():
    y, x = np.mgrid[-1:1:240j, -1:1:220j]
    shoulders = np.where((x**2 + (y - 1) ** 2 / 3) < 0.9, chest(240, 220), 0.0)
    neck = np.where(np.abs(x) < 0.3 + 0.6 * (y + 1), chest(240, 220), 0.0)  # symmetric wedges
    for greys in (shoulders, neck, chest(), np.full((90, 80), 0.2), np.zeros((5, 4))):
        assert turn_of(greys.astype(np.float32)) == 0


def test_the_reader_is_told_by_how_much():
    for greys, told in ((turned(chest(), -7, 0.0), True), (chest(), False)):
        said = prepare_film(Picture(greys, greys), ImageConfig(size=64), MEAN).warnings
        assert any("rotated by about 7°" in s for s in said) is told
