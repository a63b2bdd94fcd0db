"""What ``sounds_on_device.py`` does to log-mels in training, a batch at a time on any device.

By itself it does nothing. Decibels are (n, mels, frames).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

__all__ = ["crop", "masked", "mixed", "spoilt"]


def between(low: float, high: float, like: Tensor) -> Tensor:
    """(n, 1, 1) numbers drawn evenly."""
    return low + (high - low) * torch.rand(len(like), 1, 1, device=like.device)


def crop(frames: Tensor, length: int) -> Tensor:
    """(n, length): which frames of recordings of ``frames`` to take; a shorter one is repeated."""
    slack = (frames - length).clamp(min=0)
    room = torch.where(slack > 0, slack + 1, frames)
    start = (torch.rand(len(frames), device=frames.device) * room).long()
    return (start[:, None] + torch.arange(length, device=frames.device)) % frames[:, None]


def mixed(
    decibels: Tensor, labels: Tensor, sounding: Tensor, part: float, normal: int
) -> tuple[Tensor, Tensor, Tensor]:
    """A part of the recordings with another laid over them, within 3 dB of as loud.

    ``labels`` (n, names), NaN unknown: what sounds in either sounds in both; normal are both or
    neither. ``sounding`` (n, names + 1, frames).
    """
    other = torch.randperm(len(decibels), device=decibels.device)
    known = ~labels[:, normal].isnan()
    on = (torch.rand(len(decibels), device=decibels.device) < part) & known & known[other]
    level = decibels - decibels.mean((1, 2), keepdim=True)
    sum_of = 10 ** (level / 10) + 10 ** ((level[other] + between(-3, 3, level)) / 10)
    both = torch.maximum(labels, labels[other])
    both = both.masked_fill((labels == 1) | (labels[other] == 1), 1.0)
    both[:, normal] = torch.minimum(labels, labels[other])[:, normal]
    return (
        torch.where(on[:, None, None], 10 * torch.log10(sum_of), decibels),
        torch.where(on[:, None], both, labels),
        torch.where(on[:, None, None], torch.maximum(sounding, sounding[other]), sounding),
    )


def spoilt(decibels: Tensor, step: float) -> Tensor:
    """Another device's tone and noise, then zero mean and unit variance, as the model levels."""
    decibels = decibels + (torch.rand_like(decibels) - 0.5) * step
    knots = torch.randn(len(decibels), 1, 6, device=decibels.device) * between(0, 4, decibels)
    tone = interpolate(knots, decibels.shape[1], mode="linear", align_corners=True)
    decibels = decibels + tone.transpose(1, 2)
    power = 10 ** (decibels / 10)
    noise = power.mean((1, 2), keepdim=True) * 10 ** (-between(5, 45, decibels) / 10)
    bands = torch.linspace(0, 1, decibels.shape[1], device=decibels.device)[None, :, None]
    rustle = -torch.log(torch.rand_like(power).clamp(min=1e-6))
    noisy = power + noise * 10 ** (between(-1.5, 0.3, decibels) * bands) * rustle
    spoilt = torch.rand(len(decibels), 1, 1, device=decibels.device) < 0.6
    decibels = torch.where(spoilt, 10 * torch.log10(noisy + 1e-8), decibels)
    centred = decibels - decibels.mean((1, 2), keepdim=True)
    return centred / (centred.square().mean((1, 2), keepdim=True) + 1).sqrt()


def masked(levelled: Tensor) -> Tensor:
    """Two strips of up to 7 bands and two of up to 24 frames at their mean, 0."""
    for axis, widest in ((1, 7), (2, 24)) * 2:
        place = torch.arange(levelled.shape[axis], device=levelled.device)[None, :, None]
        place = place if axis == 1 else place.transpose(1, 2)
        start, width = between(0, levelled.shape[axis], levelled), between(0, widest, levelled)
        levelled = levelled.masked_fill((place >= start) & (place < start + width), 0.0)
    return levelled
