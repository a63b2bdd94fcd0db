"""Text that is burned in near the edge is hinted at; films without it are not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mmbm.privacy.burned_in import burned_in
from tests.made_films import chest


def film(text="", place=(20, 20), size=16, fill=255, shape=(700, 600)):
    """A made-up chest with a line of text on it."""
    drawn = Image.fromarray((chest(*shape) * 255).astype(np.uint8))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(drawn).text(place, text, fill=fill, font=font)
    return np.asarray(drawn, np.float32) / 255


def test_a_film_without_text_gives_no_hint():
    assert not burned_in(film())
    assert not burned_in(np.zeros((300, 200), np.float32))
    assert not burned_in(np.random.default_rng(0).random((900, 900), np.float32))


@pytest.mark.parametrize("place", [(10, 8), (380, 8), (10, 670)])
@pytest.mark.parametrize("size", [14, 24])
def test_a_name_in_a_corner_gives_one(place, size):
    assert burned_in(film("SMITH 1961-03-04", place, size))


def test_dark_letters_on_a_light_ground_give_one():
    light = np.full((700, 600), 0.9, np.float32)
    drawn = Image.fromarray((light * 255).astype(np.uint8))
    ImageDraw.Draw(drawn).text((20, 20), "WANG 1970", fill=0, font=ImageFont.load_default(20))
    assert not burned_in(light)
    assert burned_in(np.asarray(drawn, np.float32) / 255)


def test_a_large_film_is_looked_at_smaller():
    assert burned_in(film("SMITH 1961-03-04", (40, 30), 44, shape=(2400, 2000)))
    assert not burned_in(film(shape=(2400, 2000)))


@pytest.mark.parametrize("text", ["L", "R", "AP"])
def test_a_marker_of_a_side_or_view_gives_none(text):
    assert not burned_in(film(text, (20, 20), 30))
