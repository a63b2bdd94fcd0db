"""How grainy a film is, and that the reader is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmbm.branches.image.condition import grain
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.prepare import film, prepare_film
from mmbm.case import Picture
from tests.made_cases import picture

MEAN = film(picture(), 32)[0]


@pytest.mark.parametrize("sigma", [0.004, 0.02, 0.1])
def test_it_is_the_standard_deviation_of_the_noise(sigma):
    y, x = np.mgrid[-1:1:224j, -1:1:224j]
    drawing = 0.6 * np.cos(9 * y) * np.exp(-(x**2)) + 0.3 * (x > 0.2)  # smooth, and an edge
    noise = np.random.default_rng(0).normal(0, sigma, drawing.shape)
    seen = torch.from_numpy((drawing + noise).astype(np.float32))[None]
    assert grain(seen) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("greys", ["shown", "stored"])
@pytest.mark.parametrize(
    ("size", "sigma", "told"), [(224, 4, True), (224, 0, False), (900, 4, False)]
)
def test_the_reader_is_told_of_grain_that_reaches_the_model(size, sigma, told, greys):
    """Grain of a large film is gone at the model's size."""
    noise = np.random.default_rng(0).normal(0, sigma / 255, (size, size))
    grainy = (picture(size=size).shown + noise).clip(0, 1).astype(np.float32)
    said = prepare_film(Picture(grainy, grainy), ImageConfig(greys=greys), MEAN).warnings
    assert any("grainy" in s for s in said) is told
