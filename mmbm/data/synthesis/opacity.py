"""An opacity drawn into a healthy film, for training: the same film, but for the one thing.

In public collections the sick and the healthy differ in how they were filmed as well. Two copies of
one film, one of them with an opacity, differ in the opacity alone: its position, size, density and
texture are all that a net can tell them apart by. And its place is known, so a net can be asked to
speak of it there. What is drawn is a rough likeness of consolidated lung, patchy infiltrates or a
veil, no simulation of a disease.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2.functional import gaussian_blur

from mmbm.data.augmentation.spoil import between

__all__ = ["draw_opacity"]

SEEN = 0.2  # of the densest spot must be over lung
TRIES = 4
LIFTED = 0.015  # of the whole range of greys, over the lungs, is what one can see


def draw_opacity(square: Tensor) -> Tensor | None:
    """(2, size, size) in [0, 1], greys and lungs, -> the same with an opacity, and where it lies.

    The third plane is how far each place was lifted, 1 where most. None where the opacity would
    hardly show. Draws from torch's global generator.
    """
    return next((drawn for _ in range(TRIES) if (drawn := _draw(square)) is not None), None)


def _draw(square: Tensor) -> Tensor | None:
    size = square.shape[-1]
    film, lungs = square[:1], square[1:]
    shape = _spots(size) * _soft(_side(lungs[0])[None], size / 60)
    if float(shape.max()) < SEEN:
        return None
    shape = shape / shape.max()
    soft = _soft(film, size / 24)  # the lung without its fine drawing
    tissue = torch.quantile(film[lungs < 0.5], between(0.5, 0.8)) if (lungs < 0.5).any() else 1.0
    lift = between(0.4, 0.9) * (tissue - soft).clamp(min=0.0)
    if float((shape * lift).sum()) < LIFTED * float(lungs.sum()):
        return None
    grain = interpolate(torch.randn(1, 1, size // 5, size // 5), size, mode="bicubic")[0]
    lifted = shape * lift
    lift = lift * (1 + between(0.0, 0.2) * grain)
    fade = between(0.0, 0.5) * (film - soft)  # vessels drown in it, ribs less
    altered = (film + shape * (lift - fade)).clamp(0.0, 1.0)
    return torch.cat([altered, lungs, lifted / lifted.max()])


def _side(lungs: Tensor) -> Tensor:
    """Both lungs, (size, size), or with even odds for each one alone."""
    middle = lungs.shape[-1] // 2
    kept = torch.ones_like(lungs)
    which = int(torch.randint(0, 4, ()))
    if which == 0:
        kept[:, :middle] = 0
    elif which == 1:
        kept[:, middle:] = 0
    return lungs * kept


def _spots(size: int) -> Tensor:
    """(1, size, size) in [0, 1]: one to six soft, uneven spots, the more the smaller."""
    grid = torch.linspace(0, 1, size)
    across, down = grid[None, :], grid[:, None]
    ragged = interpolate(torch.randn(1, 1, 8, 8), size, mode="bicubic")[0, 0]
    count = int(torch.randint(1, 7, ()))
    field = torch.zeros(size, size)
    for _ in range(count):
        x, y = between(0.08, 0.92), between(0.1, 0.9)
        wide, tall = (between(0.08, 0.32) / count**0.4 for _ in range(2))
        distance = ((across - x) / wide) ** 2 + ((down - y) / tall) ** 2
        edge = torch.sigmoid(between(1.5, 5.0) * (1 - distance.sqrt() + 0.25 * ragged))
        field = torch.maximum(field, edge * between(0.5, 1.0))
    return field[None]


def _soft(plane: Tensor, sigma: float) -> Tensor:
    """(1, size, size) blurred by a Gaussian of ``sigma`` pixels."""
    blurred: Tensor = gaussian_blur(plane, 2 * int(1.5 * sigma) + 1, sigma)
    return blurred
