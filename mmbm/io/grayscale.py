"""From stored values to what is shown: the DICOM grayscale pipeline (PS3.3 C.11, PS3.4 N.2).

Every step is a function of one stored value, so each is worked out once for each level that
occurs, and only the last step touches all pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Window
from mmbm.errors import NoSignal, UnreadableFile
from mmbm.io.attributes import OfFrame, code, number
from mmbm.io.tables import find_table, look_up
from mmbm.io.values import Stored
from mmbm.io.window import displays, robust_window, show, turned
from mmbm.text import Sentence, sentence

__all__ = ["Rendered", "refuse_even", "render", "robust_window", "show"]

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]

HIDDEN = 0.9  # share of the pixels at one end from which a window hides the picture
PALE = 0.1  # of black to white that 98 % of the pixels must span
TWO_GREYS = 0.01  # share of the greys of the automatic window below which it shows two greys
MAX_VALUE = 1e30  # the largest number that the later steps can calculate with


class Rendered(NamedTuple):
    """A grey film in MONOCHROME2 sense; see :class:`mmbm.case.Picture`."""

    pixels: NDArray[np.float32]  # (height, width), modality units
    shown: NDArray[np.float32]  # (height, width) in [0, 1]
    windows: tuple[Window, ...]
    cautions: tuple[Sentence, ...] = ()


class _Shown(NamedTuple):
    """How the levels are shown, before the sense of the photometric."""

    levels: Floats | None  # each level's grey in [0, 1]; None for the automatic window
    windows: tuple[Window, ...]
    falls: bool  # the larger the value, the darker
    cautions: tuple[Sentence, ...]


def refuse_even(values: NDArray[Any]) -> None:
    """Raise NoSignal for a picture of one grey."""
    if values.size == 0 or values.min() == values.max():
        raise NoSignal(sentence("io.image.even"))


def render(stored: Stored, dataset: Any, of: OfFrame) -> Rendered:
    """Apply modality LUT or rescale, VOI LUT or window, and the sense of the photometric.

    ``dataset`` describes the pixels, ``of`` holds the transformations that belong to this frame.

    Raises: NoSignal for a constant picture; UnreadableFile for a malformed lookup table or
    values that are no usable numbers.
    """
    refuse_even(stored.values)
    levels, counts, where = _levels(stored.values)
    used = ~_padding(levels, stored, dataset) & np.isfinite(levels) & (counts > 0)
    if np.count_nonzero(used) < 2:
        raise NoSignal(sentence("io.image.even"))
    modality = _modality(of.rescale)
    with np.errstate(all="ignore"):
        values = modality(np.where(used, levels, levels[used][0]))
    if not (np.abs(values) < MAX_VALUE).all():
        raise UnreadableFile(sentence("io.dicom.rescale"))
    if np.ptp(values[used]) == 0:
        raise NoSignal(sentence("io.image.even"))

    way = _way_to_show(values, used, counts, of)
    shown, windows = way.levels, way.windows
    inverted = code(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    if inverted and shown is not None:
        shown = 1 - shown
    if inverted != way.falls:
        ends = modality(_declared_ends(levels[used], stored))
        mirror = float(ends[0] + ends[1])
        values, windows = mirror - values, tuple(turned(w, mirror) for w in windows)
    if shown is None:
        window = robust_window(values[used], counts[used])
        windows, shown = (window, *windows), show(values, window)

    values = np.where(used, values, values[used].min())  # padding is as dark as the darkest
    shown = np.where(used, shown, 0.0)
    return Rendered(
        values.astype(np.float32)[where],
        shown.astype(np.float32)[where],
        windows,
        (*_not_numbers(levels, counts), *way.cautions),
    )


def _not_numbers(levels: Floats, counts: NDArray[np.intp]) -> tuple[Sentence, ...]:
    if np.isfinite(levels).all():
        return ()
    return (sentence("io.dicom.not_numbers", count=int(counts[~np.isfinite(levels)].sum())),)


def _way_to_show(
    values: Floats, used: NDArray[np.bool_], counts: NDArray[np.intp], of: OfFrame
) -> _Shown:
    """The file's first table or window that shows the picture, or else the automatic window."""
    ways, cautions = displays(of.voi, values[used])
    for place, way in enumerate(ways):
        shown = way.curve(values)
        fault = _hides(shown[used], values[used], counts[used])
        if not fault:
            falls = bool(np.cov(values[used], shown[used], fweights=counts[used])[0, 1] < 0)
            # the other windows would show the negative of what a falling table shows
            rest = () if falls else tuple(later.window for later in ways[place + 1 :])
            return _Shown(shown, (way.window, *rest), falls, tuple(cautions))
        what = "lookup_table" if way.is_table else "window"
        cautions.append(sentence(f"io.dicom.{what}_hides.{fault}"))
    return _Shown(None, (), False, tuple(cautions))


def _hides(shown: Floats, values: Floats, counts: NDArray[np.intp]) -> str:
    """What nearly all is with a window: black, white, one grey or two greys; blank if nothing.

    The darkest and the brightest level are left out: a collimated film's edges say nothing.
    """
    inner = (values > values.min()) & (values < values.max())
    if counts[inner].sum() < (1 - HIDDEN) * counts.sum():
        inner[:] = True
    share = counts[inner] / counts[inner].sum()
    if share[shown[inner] <= 0.002].sum() >= HIDDEN:
        return "black"
    if share[shown[inner] >= 0.998].sum() >= HIDDEN:
        return "white"
    order = np.argsort(shown)
    below = np.cumsum(counts[order]) / counts.sum()
    low, high = shown[order][np.searchsorted(below, (0.01, 0.99)).clip(max=len(order) - 1)]
    if high - low < PALE:
        return "black" if high < 0.5 else "white" if low > 0.5 else "one_grey"
    grey = share[(shown[inner] > 0.002) & (shown[inner] < 0.998)].sum()
    automatic = show(values, robust_window(values, counts))[inner]
    possible = share[(automatic > 0.002) & (automatic < 0.998)].sum()
    return "two_greys" if grey < TWO_GREYS * possible else ""


def _levels(stored: NDArray[Any]) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """The levels that occur, how often each does, and which one each pixel has."""
    if stored.dtype.kind in "ui":
        low, high = int(stored.min()), int(stored.max())
        if high - low < 2**16:
            where = stored.astype(np.intp)
            where -= low
            counts = np.bincount(where.ravel(), minlength=high - low + 1)
            return np.arange(low, high + 1, dtype=np.float64), counts, where
    levels, where, counts = np.unique(stored, return_inverse=True, return_counts=True)
    return levels.astype(np.float64), counts, where.reshape(stored.shape)


def _padding(levels: Floats, stored: Stored, dataset: Any) -> NDArray[np.bool_]:
    """Which levels are padding; its value may be written with the other sign than the pixels'."""
    if stored.is_float:
        first = number(dataset, "FloatPixelPaddingValue")
        last = number(dataset, "FloatPixelPaddingRangeLimit")
    else:
        first = number(dataset, "PixelPaddingValue")
        last = number(dataset, "PixelPaddingRangeLimit")
    if first is None:
        return np.zeros(levels.shape, bool)
    ends = [first, first if last is None else last]
    if not stored.is_float:
        ends = [_with_sign(end, stored.signed) for end in ends]
    return (levels >= min(ends)) & (levels <= max(ends))


def _with_sign(value: float, signed: bool) -> float:
    if signed and value >= 2**15:
        return value - 2**16
    return value + 2**16 if not signed and value < 0 else value


def _declared_ends(levels: Floats, stored: Stored) -> Floats:
    """The least and greatest value that could be stored; for floats, that is."""
    if stored.is_float or stored.bits > 32:
        return np.array([levels.min(), levels.max()])
    if stored.signed:
        return np.array([-(2.0 ** (stored.bits - 1)), 2.0 ** (stored.bits - 1) - 1])
    return np.array([0.0, 2.0**stored.bits - 1])


def _modality(rescale: Any) -> Curve:
    """Modality LUT, or rescale slope and intercept (PS3.3 C.11.1)."""
    table = find_table(rescale, "ModalityLUTSequence")
    if table is not None:
        return lambda levels: look_up(levels, table)
    slope = number(rescale, "RescaleSlope")
    intercept = number(rescale, "RescaleIntercept") or 0.0
    return lambda levels: levels * (slope or 1.0) + intercept
