from __future__ import annotations

import pytest
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.prepare import standardise
from mmbm.branches.image.spectrum import FALL, level_spectrum

SIZE = 96
LEVELLED = ImageConfig(cycles=24.0)


def cloud(seed: int, fall: float) -> torch.Tensor:
    """(1, SIZE, SIZE) of noise whose power falls with the frequency to the power ``fall``."""
    noise = torch.fft.rfft2(torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(seed)))
    down = torch.fft.fftfreq(SIZE)[:, None] * SIZE
    across = torch.fft.rfftfreq(SIZE)[None] * SIZE
    radius = (down.square() + across.square()).sqrt().clamp(min=1)
    return torch.fft.irfft2(noise * radius ** (-fall / 2), s=(SIZE, SIZE))[None]


def power(square: torch.Tensor, low: float, high: float) -> float:
    """Mean power between two frequencies, in cycles over the film, of the mirrored film."""
    wide = torch.cat([square, square.flip(-1)], -1)
    found = torch.fft.rfft2(torch.cat([wide, wide.flip(-2)], -2))[0].abs().square()
    down = torch.fft.fftfreq(2 * SIZE)[:, None] * SIZE
    across = torch.fft.rfftfreq(2 * SIZE)[None] * SIZE
    radius = (down.square() + across.square()).sqrt()
    return float(found[(radius >= low) & (radius < high)].mean())


@pytest.mark.parametrize("fall", [1.6, 2.6, 3.4])
def test_every_film_gets_the_same_fall_of_power(fall):
    levelled = level_spectrum(cloud(0, fall), 40.0)
    ratio = power(levelled, 4.5, 5.5) / power(levelled, 19.0, 21.0)
    assert ratio == pytest.approx(4**FALL, rel=0.25)


def test_nothing_is_left_above_the_cut_off():
    levelled = level_spectrum(cloud(1, 2.0), 16.0)
    assert power(levelled, 22, 40) < 1e-3 * power(levelled, 12, 15)
    assert float(levelled.mean()) == pytest.approx(0.0, abs=1e-6)


def test_a_softened_film_reads_almost_like_the_sharp_one():
    sharp = cloud(2, 2.6)
    soft = gaussian_blur(sharp, [5, 5], [1.2, 1.2])
    plain = (standardise(sharp) - standardise(soft)).abs().mean()
    levelled = (standardise(sharp, LEVELLED) - standardise(soft, LEVELLED)).abs().mean()
    assert levelled < 0.35 * plain


def test_a_negative_stays_a_negative():
    film = cloud(3, 2.6)
    assert torch.allclose(level_spectrum(-film, 24.0), -level_spectrum(film, 24.0), atol=1e-5)


def test_a_flat_film_stays_flat():
    assert torch.equal(level_spectrum(torch.ones(1, 32, 32), 16.0), torch.zeros(1, 32, 32))


def test_several_films_at_once_are_as_one_by_one():
    pair = torch.cat([cloud(4, 2.0), cloud(5, 3.0)])
    apart = torch.cat([level_spectrum(film[None], 20.0) for film in pair])
    assert torch.allclose(level_spectrum(pair, 20.0), apart, atol=1e-6)


def test_without_a_cut_off_nothing_changes():
    film = torch.rand(2, SIZE, SIZE)
    assert torch.equal(standardise(film), standardise(film, ImageConfig()))
    assert torch.equal(standardise(film, LEVELLED)[1], film[1])
