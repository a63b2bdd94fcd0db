"""Training-time changes that a film or a recording may meet in another hospital.

They vary what must not matter (position, sharpness, noise, letters, borders, microphone) and leave
alone what does. All draw from torch's global generator, which the training loop seeds.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms import v2

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.prepare import PLAIN, standardise
from mmbm.case import SAMPLE_RATE

__all__ = ["augment_film", "augment_sound", "between", "chance", "spoil"]

move = v2.RandomAffine(10, translate=(0.06, 0.06), scale=(0.85, 1.15), shear=(-5, 5, -5, 5))
soften = v2.RandomApply([v2.GaussianBlur(5, (0.1, 1.8))], 0.4)
sharpen = v2.RandomApply([v2.RandomAdjustSharpness(2.5, p=1.0)], 0.2)


def chance(p: float) -> bool:
    """True with probability ``p``."""
    return bool(torch.rand(()) < p)


def between(low: float, high: float) -> float:
    """A number drawn evenly from [low, high)."""
    return low + (high - low) * float(torch.rand(()))


def augment_film(square: Tensor, config: ImageConfig = PLAIN) -> Tensor:
    """(planes, size, size) in [0, 1], not yet equalised -> the same with greys in [-1, 1].

    The other planes, such as the lungs, move with the first, the greys. ``config`` as in
    ``standardise``.
    """
    size = square.shape[-1]
    film = move(square)
    if chance(0.5):
        film = film.flip(-1)
    if chance(0.5):  # aspect: some sources squash their films
        film = _stretch(film, between(0.85, 1.15))
    film, others = film[:1].clone(), film[1:]
    if chance(0.3):  # a copy of a copy: fewer pixels, then more
        small = int(size * between(0.4, 0.9))
        film = interpolate(film[None], small, mode="bilinear", antialias=True)
        film = interpolate(film, size, mode="bilinear")[0]
    if chance(0.3):  # shutter or page border
        _paint_border(film)
    return torch.cat([spoil(film, config), others])


def spoil(film: Tensor, config: ImageConfig = PLAIN) -> Tensor:
    """What a film may suffer where it lies: blur, letters, uneven exposure, noise.

    (1, size, size) in [0, 1], not yet equalised -> (1, size, size) in [-1, 1].
    """
    size = film.shape[-1]
    film = sharpen(soften(film)).clone()
    for _ in range(int(torch.randint(0, 4, ()))):  # printed letters, markers, electrodes
        _paint_box(film)
    film = standardise(film, config)
    shade = interpolate(torch.randn(1, 1, 4, 4), size, mode="bicubic")[0]  # uneven exposure
    film = film + between(0.0, 0.25) * shade + between(0.0, 0.12) * torch.randn_like(film)
    return film.clamp(-1.0, 1.0)


def _stretch(film: Tensor, ratio: float) -> Tensor:
    """Change the aspect about the centre, keeping the size."""
    size = film.shape[-1]
    wide = interpolate(film[None], (size, round(size * ratio)), mode="bilinear", antialias=True)[0]
    cropped: Tensor = v2.functional.center_crop(wide, [size, size])
    return cropped


def _paint_border(film: Tensor) -> None:
    size = film.shape[-1]
    grey = float(torch.randint(0, 2, ()))
    for side in range(4):
        width = int(size * between(0.0, 0.12))
        if width:
            film.rot90(side, (-2, -1))[..., :width, :] = grey


def _paint_box(film: Tensor) -> None:
    size = film.shape[-1]
    height, width = (int(size * between(0.02, 0.1)) for _ in range(2))
    if chance(0.7):  # near an edge, where letters are printed
        top = int(between(0, 0.1) * size) if chance(0.5) else int(between(0.85, 0.95) * size)
    else:
        top = int(between(0, 0.9) * size)
    left = int(between(0, 0.95) * size)
    film[..., top : top + height, left : left + width] = between(0.0, 1.0)


def augment_sound(waveform: Tensor) -> Tensor:
    """(samples,) -> (samples,): another device's tone, band and noise. Gain is normalised later."""
    spectrum = torch.fft.rfft(waveform)
    hz = torch.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE)
    knots = interpolate(torch.randn(1, 1, 8) * between(0.0, 6.0), len(hz), mode="linear")[0, 0]
    gain = 10 ** (knots / 20)  # decibels, smooth over the band
    if chance(0.4):  # what a stethoscope or a telephone lets through
        low, high = between(20, 120), between(900, 4000)
        gain = gain / (1 + (low / hz.clamp(min=1)) ** 4) / (1 + (hz / high) ** 4)
    waveform = torch.fft.irfft(spectrum * gain, len(waveform))
    level = waveform.square().mean().sqrt() + 1e-6
    if chance(0.7):
        noise = torch.fft.rfft(torch.randn_like(waveform))
        noise = noise / hz.clamp(min=20) ** between(0.0, 1.0)  # from white to red
        hiss = torch.fft.irfft(noise, len(waveform))
        hiss = hiss / (hiss.square().mean().sqrt() + 1e-9)
        waveform = waveform + hiss * level * 10 ** (-between(5.0, 40.0) / 20)
    return waveform
