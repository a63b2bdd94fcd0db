"""How good a film is as a picture: its size, contrast, blank part, and print on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from mmbm.branches.image.prepare import equalise, shrink
from mmbm.case import Picture
from mmbm.data.check.alike import Fingerprint, film_fingerprint

__all__ = ["FilmFacts", "faults_of_film", "measure_film", "unlike_the_others"]

SMALL = 224  # pixels of the shorter side, below which small findings cannot be seen
FLAT = 0.25  # of the range of greys, between its 5th and 95th percentile
BLANK = 0.40  # of the picture, at its very darkest or brightest
LETTERS = 8  # shapes like letters near the border; side markers have fewer
MARGIN = 0.22  # of the picture: how far in from the border print is looked for
THUMBNAIL = 32  # cells
PIXELS = 128  # a side, for the sharpness
ENOUGH = 20  # films, before their mean says what a film looks like
INVERTED, UNLIKE = -0.25, 0.10  # correlation with the mean of the other films

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FilmFacts:
    """What was measured of one film."""

    height: int
    width: int
    contrast: float  # 0 to 1: between the 5th and the 95th percentile of the greys
    blank: float  # part of the picture at its very darkest or brightest
    letters: int  # shapes like printed letters near the border
    sharpness: float  # decibels: power of fine structure over that of coarse
    thumbnail: Plane  # (1024,) float32, greys by rank in [-1, 1]
    fingerprint: Fingerprint


def measure_film(picture: Picture) -> FilmFacts:
    """Measure the film as it is shown: air dark, after its first window."""
    shown = picture.shown
    low, high = np.percentile(shown, (5, 95))
    ends = (shown <= shown.min() + 0.004) | (shown >= shown.max() - 0.004)
    height, width = shown.shape
    return FilmFacts(
        height=height,
        width=width,
        contrast=float(high - low),
        blank=float(ends.mean()),
        letters=_letters(shown),
        sharpness=_sharpness(shown),
        thumbnail=equalise(shrink(shown, THUMBNAIL)).flatten().numpy(),
        fingerprint=film_fingerprint(shown),
    )


def _sharpness(shown: Plane) -> float:
    """Power at 12 to 48 cycles over the film against that at 2 to 8, in decibels, greys by rank."""
    square = equalise(shrink(shown, PIXELS))[0].numpy()
    taper = np.hanning(PIXELS)
    power = np.abs(np.fft.rfft2(square * np.outer(taper, taper))) ** 2
    down, across = np.fft.fftfreq(PIXELS) * PIXELS, np.fft.rfftfreq(PIXELS) * PIXELS
    cycles = np.hypot(down[:, None], across)
    fine, coarse = (power[(cycles >= low) & (cycles < high)] for low, high in ((12, 48), (2, 8)))
    return float(10 * np.log10((fine.mean() + 1e-12) / (coarse.mean() + 1e-12)))


def _letters(shown: Plane) -> int:
    """How many bright shapes of a letter's size and form stand on dark ground near the border."""
    height, width = shown.shape
    shapes, _ = label(shown >= 0.9)
    edge = MARGIN * np.array(shown.shape)
    count = 0
    for number, place in enumerate(find_objects(shapes), start=1):
        rows, columns = place
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        if not (0.008 * height <= tall <= 0.05 * height and tall >= 5):
            continue
        if not 0.15 * tall <= wide <= 1.5 * tall:
            continue
        inside = edge[0] <= rows.start and rows.stop <= height - edge[0]
        if inside and edge[1] <= columns.start and columns.stop <= width - edge[1]:
            continue
        wider = shown[
            max(rows.start - 2, 0) : rows.stop + 2, max(columns.start - 2, 0) : columns.stop + 2
        ]
        ink = float((shapes[place] == number).mean())
        count += 0.15 <= ink <= 0.85 and float(np.percentile(wider, 20)) < 0.5
    return count


def faults_of_film(facts: FilmFacts) -> list[str]:
    """The kinds of remark that one film by itself deserves."""
    found = {
        "film_small": min(facts.height, facts.width) < SMALL,
        "film_low_contrast": facts.contrast < FLAT,
        "film_blank": facts.blank > BLANK,
        "film_print": facts.letters >= LETTERS,
    }
    return [kind for kind, there in found.items() if there]


def unlike_the_others(films: list[FilmFacts]) -> dict[str, list[int]]:
    """Which films may be inverted, or no frontal chest films, by the mean of the others.

    Nothing where there are fewer than ``ENOUGH``. Most of them must be upright and air dark.
    """
    if len(films) < ENOUGH:
        return {"film_inverted": [], "film_unlike": []}
    planes = np.stack([film.thumbnail for film in films])
    planes = planes - planes.mean(1, keepdims=True)
    others = planes.sum(0) - planes  # in the direction of the mean of all but itself
    lengths = np.linalg.norm(planes, axis=1) * np.linalg.norm(others, axis=1)
    likeness = (planes * others).sum(1) / np.maximum(lengths, 1e-9)
    inverted = likeness <= INVERTED
    return {
        "film_inverted": np.flatnonzero(inverted).tolist(),
        "film_unlike": np.flatnonzero(~inverted & (likeness < UNLIKE)).tolist(),
    }
