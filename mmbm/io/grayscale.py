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
from mmbm.io.attributes import code, number, numbers, sequence

__all__ = ["Rendered", "render", "robust_window", "show"]

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]  # modality values -> [0, 1]

ROBUST = 0.005  # share of pixels left out at either end where the file has no window


class Rendered(NamedTuple):
    """A grey film in MONOCHROME2 sense; see :class:`mmbm.case.Picture`."""

    pixels: NDArray[np.float32]  # (height, width), modality units
    shown: NDArray[np.float32]  # (height, width) in [0, 1]
    windows: tuple[Window, ...]
    window_ignored: bool = False  # the file's own window would have hidden the picture


def render(stored: NDArray[Any], dataset: Any, attributes: Any) -> Rendered:
    """Apply modality LUT or rescale, VOI LUT or window, and the sense of the photometric.

    ``stored`` is (height, width), integer or float, as decoded. ``dataset`` describes the pixels,
    ``attributes`` holds the transformations that belong to this frame.

    Raises: NoSignal for a constant picture; UnreadableFile for a malformed lookup table.
    """
    levels, counts, where = _levels(stored)
    used = ~_padding(levels, dataset) & np.isfinite(levels) & (counts > 0)
    if np.count_nonzero(used) < 2:
        raise NoSignal("The picture is one even grey: there is nothing to see in it.")
    modality = _modality(attributes, dataset)
    values = modality(levels)
    curve, windows = _voi(attributes, dataset)

    inverted = code(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    if inverted:
        ends = modality(_declared_ends(levels[used], dataset))
        mirror = float(ends[0] + ends[1])
        values, windows = mirror - values, tuple(_turned(w, mirror) for w in windows)

    ignored = False
    shown: Floats | None = None
    if curve is not None:
        shown = curve(mirror - values if inverted else values)
        shown = 1 - shown if inverted else shown
        if np.ptp(shown[used]) == 0:
            shown, windows, ignored = None, (), True
    if shown is None:
        window = robust_window(values[used], counts[used])
        windows, shown = (window, *windows), show(values, window)

    values = np.where(used, values, values[used].min())  # padding is as dark as the darkest
    shown = np.where(used, shown, 0.0)
    return Rendered(
        values.astype(np.float32)[where], shown.astype(np.float32)[where], windows, ignored
    )


def show(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """The linear window function, PS3.3 C.11.2.1.2.1, to [0, 1]."""
    centre, width = window.center - 0.5, window.width - 1
    if width <= 0:
        return (values > centre).astype(np.float64)
    return np.clip((values - centre) / width + 0.5, 0.0, 1.0)


def robust_window(
    values: Floats, counts: NDArray[np.intp] | None = None, name: str = "auto"
) -> Window:
    """The window over all but the darkest and brightest half per cent.

    ``values`` is (n_levels,), ``counts`` how many pixels have each.
    """
    order = np.argsort(values)
    values = values[order]
    below = np.cumsum(np.ones(len(values), np.intp) if counts is None else counts[order])
    low = values[np.searchsorted(below, ROBUST * below[-1], side="right")]
    above = below[-1] - below  # symmetric with ``low``, so that a negative gives the same window
    high = values[np.count_nonzero(above > ROBUST * below[-1])]
    if high <= low:
        low, high = values[0], values[-1]
    return Window(float(low + high) / 2 + 0.5, float(high - low) + 1, name)


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


def _padding(levels: Floats, dataset: Any) -> NDArray[np.bool_]:
    first = number(dataset, "PixelPaddingValue")
    if first is None:
        return np.zeros(levels.shape, bool)
    last = number(dataset, "PixelPaddingRangeLimit")
    ends = (first, first if last is None else last)
    return (levels >= min(ends)) & (levels <= max(ends))


def _declared_ends(levels: Floats, dataset: Any) -> Floats:
    """The least and greatest value that could be stored; for floats, that is."""
    bits = number(dataset, "BitsStored")
    if bits is None or not 1 <= bits <= 32 or "PixelData" not in dataset:
        return np.array([levels.min(), levels.max()])
    if number(dataset, "PixelRepresentation") == 1:
        return np.array([-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1])
    return np.array([0.0, 2.0**bits - 1])


def _modality(attributes: Any, dataset: Any) -> Curve:
    """Modality LUT, or rescale slope and intercept (PS3.3 C.11.1)."""
    tables = sequence(attributes, "ModalityLUTSequence")
    if tables:
        first, table = _table(tables[0], dataset)
        return lambda levels: _look_up(levels, first, table)
    slope = number(attributes, "RescaleSlope")
    intercept = number(attributes, "RescaleIntercept") or 0.0
    return lambda levels: levels * (slope or 1.0) + intercept


def _voi(attributes: Any, dataset: Any) -> tuple[Curve | None, tuple[Window, ...]]:
    """What maps modality values to [0, 1], and all of it as linear windows for the viewer."""
    centers, widths = numbers(attributes, "WindowCenter"), numbers(attributes, "WindowWidth")
    function = code(attributes, "VOILUTFunction") or "LINEAR"
    wider = 0 if function == "LINEAR" else 1  # the other two count the width from edge to edge
    names = [*_names(attributes, "WindowCenterWidthExplanation"), *[""] * len(centers)]
    windows = tuple(
        Window(center + wider / 2, width + wider, name)
        for center, width, name in zip(centers, widths, names, strict=False)
        if width + wider >= 1
    )
    tables = sequence(attributes, "VOILUTSequence")
    if tables:
        first, table = _table(tables[0], dataset)
        curve = table / max(table.max(), 1.0)
        (rising,) = np.nonzero((curve > 0.005) & (curve < 0.995))
        ends = (rising[0], rising[-1]) if len(rising) else (0, len(curve) - 1)
        name = next(iter(_names(tables[0], "LUTExplanation")), "") or "VOI LUT"
        near = Window(first + sum(ends) / 2 + 0.5, float(ends[1] - ends[0]) + 1, name)
        return lambda values: _look_up(values, first, curve), (near, *windows)
    if not windows:
        return None, ()
    center, width, _ = windows[0]
    if function == "SIGMOID":
        slope = -4 / (width - wider) if width > wider else -np.inf
        middle = center - wider / 2
        with np.errstate(over="ignore"):
            return lambda values: 1 / (1 + np.exp(np.clip(slope * (values - middle), -700, 700))), (
                windows
            )
    return lambda values: show(values, windows[0]), windows


def _turned(window: Window, mirror: float) -> Window:
    """The window that shows ``mirror - values`` as the negative of what it showed before."""
    return window._replace(center=mirror - window.center + 1)


def _table(item: Any, dataset: Any) -> tuple[float, Floats]:
    """First mapped value and entries of a LUT (PS3.3 C.11.1.1.1)."""
    descriptor = numbers(item, "LUTDescriptor")
    entries = getattr(item, "LUTData", None)
    if len(descriptor) != 3 or entries is None:
        raise UnreadableFile("A lookup table in this DICOM file is malformed; export it again.")
    length = int(descriptor[0]) or 2**16
    if isinstance(entries, bytes):
        kind = np.uint8 if len(entries) < 2 * length else np.dtype("<u2")
        table = np.frombuffer(entries, kind)
    else:
        table = np.atleast_1d(np.asarray(entries))
        if 2 * len(table) == length:  # two 8-bit entries packed in each word
            table = table.astype("<u2").view(np.uint8)
    if not 0 < len(table) <= 2**17:
        raise UnreadableFile("A lookup table in this DICOM file is malformed; export it again.")
    signed = number(dataset, "PixelRepresentation") == 1
    first = descriptor[1] - 2**16 if signed and descriptor[1] >= 2**15 else descriptor[1]
    return first, table[:length].astype(np.float64)


def _look_up(values: Floats, first: float, table: Floats) -> Floats:
    index = np.rint(np.nan_to_num(values)) - first
    return table[np.clip(index, 0, len(table) - 1).astype(np.intp)]


def _names(item: Any, keyword: str) -> list[str]:
    found = getattr(item, keyword, None) or ""
    names = [found] if isinstance(found, str) else list(found)
    return ["".join(c for c in str(name) if c.isprintable()).strip()[:40] for name in names]
