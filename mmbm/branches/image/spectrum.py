"""One power spectrum for all films: how sharp, soft or noisy a film is tells who made it.

Two hospitals' films differ in sharpness and noise, and where the sick and the healthy were filmed
on different machines, or exported by different hands, that alone tells them apart. A net learns it
and fails elsewhere. So every film is brought to the same radial power spectrum, ``1 / f^2.6`` (the
shape that natural pictures and chest films share, Ruderman & Bialek, Phys Rev Lett 1994), and
nothing is kept above a cut-off. What remains is where things are, not how they were recorded.

It costs what it takes away: a disease that softens the whole film alike is no longer seen.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

__all__ = ["level_spectrum"]

KNOTS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0)  # cycles over the film
MIDDLE = slice(2, 6)  # the knots, 4 to 12 cycles, whose mean power stays
FALL = 2.6  # of the power with the frequency, on a log-log plot
MOST = 2.5  # of the log gain: a band that is hardly there holds nothing worth raising
EDGE = 0.08  # of the cut-off: how softly it cuts


def level_spectrum(square: Tensor, cycles: float) -> Tensor:
    """(…, size, size) -> the same shape, with the common spectrum up to ``cycles`` over the film.

    The film is mirrored at its edges, so that they make no spectrum of their own. The mean is 0.
    """
    size = square.shape[-1]
    radius, bands = _bands(size)
    wide = torch.cat([square, square.flip(-1)], -1)
    spectrum = torch.fft.rfft2(torch.cat([wide, wide.flip(-2)], -2))
    share = bands / bands.sum((1, 2), keepdim=True)
    power = torch.einsum("...hw,khw->...k", spectrum.abs().square(), share).clamp(min=1e-12).log()
    wanted = -FALL * torch.tensor(KNOTS[: len(bands)]).log()
    level = (power - wanted)[..., MIDDLE].mean(-1, keepdim=True)
    gain = (0.5 * (wanted + level - power)).clamp(-MOST, MOST)  # of the amplitude
    shape = torch.einsum("...k,khw->...hw", gain, bands).exp()
    shape = shape * torch.sigmoid((cycles - radius) / (EDGE * cycles)) * (radius > 0)
    levelled: Tensor = torch.fft.irfft2(spectrum * shape, s=(2 * size, 2 * size))
    return levelled[..., :size, :size]


@cache
def _bands(size: int) -> tuple[Tensor, Tensor]:
    """Cycles over the film at each place of a mirrored film's spectrum, and each knot's share.

    (2 size, size + 1), and (knots, 2 size, size + 1): linear in the log of the frequency between
    two knots, the last beyond it.
    """
    down = torch.fft.fftfreq(2 * size)[:, None] * size
    across = torch.fft.rfftfreq(2 * size)[None] * size
    radius = (down.square() + across.square()).sqrt()
    knots = torch.tensor([k for k in KNOTS if k <= size / 2] or KNOTS[:1])
    at = torch.searchsorted(knots, radius.contiguous()).clamp(1, max(len(knots) - 1, 1))
    low, high = knots[at - 1].log(), knots[at.clamp(max=len(knots) - 1)].log()
    share = ((radius.clamp(min=0.25).log() - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    bands = torch.zeros(len(knots), *radius.shape)
    bands.scatter_(0, (at - 1)[None], (1 - share)[None])
    bands.scatter_add_(0, at.clamp(max=len(knots) - 1)[None], share[None])
    return radius, bands
