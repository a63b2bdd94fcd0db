"""Windows and VOI lookup tables: from modality values to greys (PS3.3 C.11.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Window
from mmbm.io.attributes import code, explanations, numbers
from mmbm.io.tables import Table, find_table, first_mapped, look_up
from mmbm.text import Sentence, sentence

__all__ = ["Display", "displays", "robust_window", "show", "turned"]

Floats = NDArray[np.float64]
ROBUST = 0.005  # share of pixels left out at either end where the file has no window


class Display(NamedTuple):
    """One way to show the picture, and the linear window nearest to it for the viewer."""

    curve: Callable[[Floats], Floats]  # modality values -> [0, 1]
    window: Window
    is_table: bool


def displays(voi: Any, values: Floats) -> tuple[list[Display], list[Sentence]]:
    """The file's lookup table, then its windows, and what is to be said of those that are none.

    ``values`` is (n_levels,), the modality values that occur. Raises UnreadableFile.
    """
    found: list[Display] = []
    says: list[Sentence] = []
    table = find_table(voi, "VOILUTSequence")
    if table is not None:
        found.append(_of_table(table, values))
    centers, widths = numbers(voi, "WindowCenter"), numbers(voi, "WindowWidth")
    function = code(voi, "VOILUTFunction") or "LINEAR"
    wider = 0 if function == "LINEAR" else 1  # the other two count the width from edge to edge
    names = [*explanations(voi, "WindowCenterWidthExplanation"), *[""] * len(centers)]
    for center, width, name in zip(centers, widths, names, strict=False):
        if width + wider < 1 or (wider and width <= 0):
            says.append(sentence("io.dicom.window_width", width=width))
            continue
        window = Window(center + wider / 2, width + wider, name)
        is_sigmoid = function == "SIGMOID" and not found
        found.append(
            Display(_sigmoid(center, width) if is_sigmoid else _line(window), window, False)
        )
    return found, says


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


def turned(window: Window, mirror: float) -> Window:
    """The window that shows ``mirror - values`` as the negative of what it showed before."""
    return window._replace(center=mirror - window.center + 1)


def _of_table(table: Table, values: Floats) -> Display:
    curve = table._replace(entries=table.entries / max(float(table.entries.max()), 1.0))
    (greys,) = np.nonzero((curve.entries > 0.005) & (curve.entries < 0.995))
    first_grey, last_grey = (greys[0], greys[-1]) if len(greys) else (0, len(curve.entries) - 1)
    first = first_mapped(values, table)
    center = first + float(first_grey + last_grey) / 2 + 0.5
    window = Window(center, float(last_grey - first_grey) + 1, table.name or "VOI LUT")
    return Display(lambda levels: look_up(levels, curve), window, True)


def _line(window: Window) -> Callable[[Floats], Floats]:
    return lambda values: show(values, window)


def _sigmoid(center: float, width: float) -> Callable[[Floats], Floats]:
    slope = -4 / width
    return lambda values: 1 / (1 + np.exp(np.clip(slope * (values - center), -700, 700)))
