"""A chest X-ray as the image branch reads it, in training and serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmbm.branches.image.condition import extent, grain_warnings, turn_warnings
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.lungs import SIDE, LungFinder, Lungs, shipped
from mmbm.branches.parts import WHOLE, Box, PreparedPart
from mmbm.case import Picture
from mmbm.text import sentence

__all__ = [
    "Film",
    "PreparedImage",
    "Upright",
    "equalise",
    "film",
    "find_lungs",
    "likeness",
    "lung_film",
    "prepare",
    "prepare_film",
    "ranged",
    "shrink",
    "standardise",
    "stored_greys",
    "thumbnail",
    "upright",
]

# Correlation with the mean training film. Of 1,171 test films 8 lie below 0.25, the least at 0.03.
CHEST_ABOVE, NEGATIVE_BELOW = 0.25, -0.25
TAIL = 0.01  # of a film's greys at either end that do not set its range
PLAIN = ImageConfig()


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A picture with air dark, as far as its likeness to chest films tells."""

    greys: NDArray[np.float32]  # (height, width) in [0, 1]
    small: Tensor  # all of it, (1, size, size) float32 in [0, 1]
    square: Tensor  # the same by rank, in [-1, 1]
    turned: bool  # it was a negative
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Film:
    """A picture as training, evaluation and serving alike begin with it."""

    planes: Tensor  # (1 or 2, size, size) in [0, 1]: greys not yet standardised, lungs
    square: Tensor  # the film within its borders, (1, size, size) float32 in [-1, 1], air dark
    turned: bool  # it was a negative
    warnings: tuple[str, ...]
    within: Box  # the part of the picture that the square shows
    box: Box  # the part of the picture that the planes show
    finder: LungFinder | None = None  # of the lungs; None: the shipped one

    def __getstate__(self) -> dict[str, Any]:
        """For another process: with the lungs, without what finds them."""
        _ = self.lungs
        return self.__dict__ | {"finder": None}

    @cached_property
    def lungs(self) -> Lungs:
        """In all of the picture."""
        return find_lungs(self.square, self.finder).within(self.within)


def shrink(shown: NDArray[np.float32], size: int) -> Tensor:
    """(height, width) in [0, 1] -> (1, size, size) float32; the film is squashed to a square."""
    whole = torch.from_numpy(np.ascontiguousarray(shown, dtype=np.float32))[None, None]
    return interpolate(whole, (size, size), mode="bilinear", antialias=True)[0]


def equalise(square: Tensor) -> Tensor:
    """Replace each grey by its rank: (…, size, size) any range -> the same shape in [-1, 1].

    Window, gamma and exposure change greys but not their order, so none of them reaches the model.
    """
    greys = square.detach().flatten(-2)
    if greys.device.type == "cpu":  # by numpy, several times as fast
        place = torch.from_numpy(np.argsort(greys.numpy(), -1))
        ordered = greys.gather(-1, place)
    else:
        ordered, place = greys.sort(-1)
    count = ordered.shape[-1]
    step = ordered[..., 1:] != ordered[..., :-1]  # between two different greys
    here = torch.arange(count, device=square.device).expand(ordered.shape)
    first = here.where(pad(step, (1, 0), value=True), 0).cummax(-1).values
    last = here.where(pad(step, (0, 1), value=True), count).flip(-1).cummin(-1).values.flip(-1)
    middle = (first + last).float() / (2 * (count - 1))  # ties share their middle rank
    rank = torch.empty_like(middle).scatter_(-1, place, middle)
    return (2.0 * rank - 1.0).reshape(square.shape)


def ranged(square: Tensor) -> Tensor:
    """Spread the greys from the first to the last per cent over [-1, 1]; what lies beyond is cut.

    (…, size, size) any range -> the same shape in [-1, 1]. A linear window that cuts no grey does
    not reach the model.
    """
    flat = square.flatten(-2)
    places = (1 + int(part * flat.shape[-1]) for part in (TAIL, 1 - TAIL))
    low, high = (flat.kthvalue(place).values[..., None, None] for place in places)
    return (2 * (square - low) / (high - low).clamp(min=1e-6) - 1).clamp(-1.0, 1.0)


def stored_greys(picture: Picture) -> NDArray[np.float32]:
    """(height, width) in [0, 1]: the stored values, whichever window the file asks for."""
    low, high = float(picture.pixels.min()), float(picture.pixels.max())
    return np.asarray((picture.pixels - low) / max(high - low, 1e-6), dtype=np.float32)


def film(picture: Picture, size: int) -> Tensor:
    """A whole picture: (1, size, size) float32 in [-1, 1]."""
    return equalise(shrink(picture.shown, size))


def find_lungs(square: Tensor, finder: LungFinder | None = None) -> Lungs:
    """The lungs in a film, (1, size, size) with air dark, by the shipped finder or another."""
    return (finder or shipped()).find(equalise(shrink(square[0].numpy(), SIDE)))


def lung_film(shown: NDArray[np.float32], lungs: Lungs, size: int) -> Tensor:
    """A picture cut out around its lungs: (2, size, size) in [0, 1], its greys and its lungs.

    The lungs are a little widened, and everywhere where none are found.
    """
    fields = torch.from_numpy(lungs.fields)[None, None]
    fine = interpolate(fields, 4 * SIDE, mode="bilinear")[0, 0].numpy()
    parts = (picture[lungs.box.cut(*picture.shape)] for picture in (shown, fine))
    return torch.cat([shrink(part, size) for part in parts])


def standardise(film: Tensor, config: ImageConfig = PLAIN) -> Tensor:
    """(1 or 2, size, size) in [0, 1] -> the same with its first plane, the greys, in [-1, 1].

    Shown greys are ranked, and with ``cycles`` their spectrum levelled (:mod:`mmbm.spectrum`);
    stored ones are spread over their range.
    """
    if config.greys == "stored":
        return torch.cat([ranged(film[:1]), film[1:]])
    square = equalise(film[:1])
    if config.cycles:
        from mmbm.branches.image.spectrum import level_spectrum

        square = equalise(level_spectrum(square, config.cycles))
    return torch.cat([square, film[1:]])


def thumbnail(square: Tensor, side: int) -> Tensor:
    """(1, size, size) -> (side, side): what a film looks like on the whole."""
    return interpolate(square[None], (side, side), mode="bilinear", antialias=True)[0, 0]


def likeness(square: Tensor, mean_film: Tensor) -> float:
    """Correlation of a film, (1, size, size), with the mean of the training films, in [-1, 1].

    1.0 where either is flat: there is nothing to compare.
    """
    pair = torch.stack([thumbnail(square, len(mean_film)).flatten(), mean_film.flatten()])
    return float(torch.corrcoef(pair)[0, 1]) if bool((pair.std(1) > 0).all()) else 1.0


def upright(greys: NDArray[np.float32], size: int, mean_film: Tensor) -> Upright:
    """Turn a negative round; what is like no chest film gets a warning."""
    small = shrink(greys, size)
    square = equalise(small)
    alike = likeness(square, mean_film)
    if alike < NEGATIVE_BELOW:
        positive = 1 - greys
        warnings = (sentence("image.negative"),)
        return Upright(positive, shrink(positive, size), -square, True, warnings)
    unlike = (sentence("image.not_frontal"),) if alike < CHEST_ABOVE else ()
    return Upright(greys, small, square, False, unlike)


def prepare_film(
    picture: Picture, config: ImageConfig, mean_film: Tensor, finder: LungFinder | None = None
) -> Film:
    """What training, evaluation and serving make of a picture, before greys are standardised."""
    box, greys, stored = WHOLE, picture.shown, stored_greys(picture)
    warnings: tuple[str, ...] = turn_warnings(stored)
    if config.greys == "stored":
        greys = stored
        found = extent(greys)
        height, width = greys.shape
        box = Box(
            found.top / height, found.bottom / height, found.left / width, found.right / width
        )
        greys = found.cut(greys)
    whole = upright(greys, config.size, mean_film)
    if config.lungs:
        lungs, within = find_lungs(whole.square, finder), WHOLE
        planes, box = lung_film(whole.greys, lungs, config.size), lungs.box
    else:
        planes, within = whole.small, box
    warnings = *whole.warnings, *warnings, *grain_warnings(ranged(planes[:1]))
    return Film(planes, whole.square, whole.turned, warnings, within, box, finder)


@dataclass(frozen=True, eq=False)
class PreparedImage(PreparedPart):
    """``tensors``: the film, (1, 1 or 2, size, size) float32, its greys in [-1, 1], its lungs."""

    film: Film | None = None

    @property
    def seen(self) -> Film:
        """The picture that the branch reads."""
        assert self.film is not None
        return self.film

    @property
    def lungs(self) -> Lungs:
        """Of the picture, turned round as the model read it; looked for when first asked."""
        return self.seen.lungs

    @property
    def box(self) -> Box:
        """The part of the picture that the branch reads."""
        return self.seen.box

    @property
    def cut_around(self) -> Lungs | None:
        """The lungs that the film was cut out around; None where all of it was read."""
        return self.lungs if self.tensors[0].shape[1] > 1 else None


def prepare(
    picture: Picture, config: ImageConfig, mean_film: Tensor, finder: LungFinder | None = None
) -> PreparedImage:
    """One picture as a batch of one, on the CPU."""
    read = prepare_film(picture, config, mean_film, finder)
    return PreparedImage((standardise(read.planes, config)[None],), read.warnings, read)
