"""What a film may suffer in another hospital, a batch at a time on the device it lies on.

As ``mmbm.data.augment`` changes one film on the CPU, with printed letters and windows that cut
greys as well. All draw from torch's global generator of that device.
"""

from __future__ import annotations

import math
import random

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import (
    affine_grid,
    avg_pool2d,
    conv2d,
    grid_sample,
    interpolate,
    pad,
)

from mmbm.branches.image.prepare import ranged

PRINTED = ("R", "L", "PORTABLE", "PORTABLE L", "PORTABLE R", "AP", "PA", "SUPINE", "ERECT", "ICU")
STRIP = (14, 72)  # pixels of a printed line
LINES = 256


def letters(device: torch.device) -> Tensor:
    """(LINES, 1, height, width) float32 in [0, 1]: lines as they are printed on films."""
    draw = random.Random(7)
    lines = np.zeros((LINES, 1, *STRIP), np.float32)
    for line in lines:
        kind = draw.random()
        text = draw.choice(PRINTED)
        if kind > 0.65:
            text = "".join(draw.choice("ABCDEFGHKLMNPRSTUVWXYZ0123456789 ") for _ in range(8))
        elif kind > 0.45:
            text = f"{draw.randrange(24):02d}:{draw.randrange(60):02d}"
        strip = Image.new("L", STRIP[::-1])
        font = ImageFont.load_default(size=draw.choice([9, 10, 11, 12]))
        ImageDraw.Draw(strip).text((1, 0), text, fill=255, font=font)
        line[0] = np.asarray(strip, np.float32) / 255
    return torch.from_numpy(lines).to(device)


def between(films: Tensor, low: float, high: float) -> Tensor:
    """(n, 1, 1, 1), a number drawn for each film."""
    return low + (high - low) * torch.rand(len(films), 1, 1, 1, device=films.device)


def some(films: Tensor, part: float) -> Tensor:
    """(n, 1, 1, 1) bool, true for this part of the films."""
    return between(films, 0, 1) < part


def augment(films: Tensor, boxes: Tensor, size: int, bank: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 1, side, side) in [0, 1] and their boxes -> (n, 1, size, size) in [-1, 1], boxes."""
    films = greyed(films)
    films, boxes = moved(films, boxes, size)
    films = blurred(films)
    films = written(films, bank, 0.45)
    films = written(films, bank, 0.25)
    films = covered(films)
    fewer = interpolate(films, scale_factor=0.6, mode="bilinear", antialias=True)
    films = torch.where(some(films, 0.15), interpolate(fewer, (size, size), mode="bilinear"), films)
    grain = torch.randn_like(films) * between(films, 0, 0.045) * some(films, 0.5)
    films = ranged((films + grain).clamp(0, 1))
    knots = torch.randn(len(films), 1, 4, 4, device=films.device)
    shade = interpolate(knots, (size, size), mode="bicubic")  # uneven exposure
    films = films + shade * between(films, 0, 0.25) * some(films, 0.5)
    films = films + torch.randn_like(films) * between(films, 0, 0.1) * some(films, 0.5)
    return films.clamp(-1, 1), boxes[:, 0]


def greyed(films: Tensor) -> Tensor:
    """Another window, which may cut greys, and another gamma."""
    low, high = between(films, 0, 0.18), between(films, 0.78, 1.0)
    films = torch.where(some(films, 0.5), ((films - low) / (high - low)).clamp(0, 1), films)
    gamma = torch.where(some(films, 0.6), between(films, -0.6, 0.6).exp(), 1.0)
    return films.clamp(min=1e-4) ** gamma


def moved(films: Tensor, boxes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Turned, scaled, sheared, shifted, mirrored; beyond the edge black, white or as the edge."""
    n, device = len(films), films.device
    angle = (torch.randn(n, device=device) * 5).clamp(-13, 13) * math.pi / 180
    wide = torch.exp(torch.randn(n, device=device) * 0.09)
    high = wide * torch.exp(torch.randn(n, device=device) * 0.08)
    shear = torch.randn(n, device=device) * 0.03
    mirror = torch.rand(n, device=device).round() * 2 - 1
    to = torch.zeros(n, 2, 3, device=device)
    to[:, 0, 0], to[:, 0, 1] = mirror * angle.cos() * wide, mirror * (shear - angle.sin()) * high
    to[:, 1, 0], to[:, 1, 1] = angle.sin() * wide, angle.cos() * high
    to[:, :, 2] = torch.randn(n, 2, device=device) * 0.07
    grid = affine_grid(to, [n, 1, size, size], align_corners=False)
    films = grid_sample(films, grid, padding_mode="border", align_corners=False)
    beyond = (grid.abs().amax(-1) > 1)[:, None]
    kind = between(films, 0, 1)
    fill = (kind > 0.85) * between(films, 0, 1).round()
    films = torch.where(beyond & (kind > 0.3), fill, films)
    small = affine_grid(to, [n, 1, size // 8, size // 8], align_corners=False)
    return films, grid_sample(boxes, small, align_corners=False)


def blurred(films: Tensor) -> Tensor:
    """Blurred, sharpened or left as they are."""
    n = len(films)
    sigma = torch.where(some(films, 0.4), between(films, 0.4, 1.6), 0.05).view(n, 1)
    taps = torch.exp(-0.5 * (torch.arange(-3, 4, device=films.device) / sigma) ** 2)
    taps = taps / taps.sum(1, keepdim=True)
    wide = pad(films.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    across = conv2d(wide, taps.view(n, 1, 1, 7), groups=n)
    soft = conv2d(across, taps.view(n, 1, 7, 1), groups=n).transpose(0, 1)
    sharp = (2.2 * films - 1.2 * avg_pool2d(films, 3, 1, 1)).clamp(0, 1)
    return torch.where(some(films, 0.12), sharp, soft)


def written(films: Tensor, bank: Tensor, part: float) -> Tensor:
    """A line of letters on this part of the films, most near the upper or the lower edge."""
    n, side = len(films), films.shape[-1]
    edge = between(films, 0, 1)
    top = torch.where(edge < 0.55, edge * 0.25, torch.where(edge < 0.8, 0.45 + edge * 0.6, edge))
    left, width = between(films, -0.05, 0.85), between(films, 0.12, 0.47)
    at = torch.linspace(0, 1, side, device=films.device)
    x = (at.view(1, 1, 1, -1) - left) / width * 2 - 1
    y = (at.view(1, 1, -1, 1) - top) / (width * STRIP[0] / STRIP[1]) * 2 - 1
    grid = torch.stack([x.expand(n, 1, side, side), y.expand(n, 1, side, side)], -1)[:, 0]
    chosen = bank[torch.randint(0, len(bank), (n,), device=films.device)]
    ink = grid_sample(chosen, grid, align_corners=False) * some(films, part)
    bright = torch.where(some(films, 0.8), between(films, 0.75, 1), between(films, 0, 0.3))
    return films * (1 - ink) + bright * ink


def covered(films: Tensor) -> Tensor:
    """Plates and electrodes, and what is left of a border."""
    at = torch.linspace(0, 1, films.shape[-1], device=films.device)
    y, x = at.view(1, 1, -1, 1), at.view(1, 1, 1, -1)
    for _ in range(2):
        high = (y - between(films, 0, 1)).abs() < between(films, 0.01, 0.07)
        wide = (x - between(films, 0, 1)).abs() < between(films, 0.01, 0.07)
        films = torch.where(some(films, 0.25) & high & wide, between(films, 0, 1), films)
    top, bottom, left, right = (between(films, -0.04, 0.09) for _ in range(4))
    rim = (y < top) | (y > 1 - bottom) | (x < left) | (x > 1 - right)
    return torch.where(some(films, 0.2) & rim, between(films, 0, 1).round(), films)
