"""The phantom's grid and body, and the strokes and solids its parts are drawn with.

Lengths are centimetres of an adult on a 40 cm field, x to the patient's left (the reader's
right), y downwards; a child is the same body, smaller and of other proportions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.interpolate import splev, splprep
from scipy.ndimage import distance_transform_edt, gaussian_filter, zoom

__all__ = [
    "BODY_DEPTH",
    "BODY_WIDTH",
    "FIELD_CM",
    "HEART",
    "LUNG",
    "VESSELS",
    "Build",
    "Canvas",
    "Map",
    "Patch",
    "blur",
    "dome",
    "make_canvas",
    "smooth_outline",
    "speckle",
    "stroke",
    "tube",
]

Map = NDArray[np.float64]  # (size, size)

FIELD_CM = 40.0  # side of the field, for an adult

BODY_WIDTH = (  # y, half width
    (-1, 5.9), (1.2, 6.1), (2.6, 7.6), (3.6, 11.5), (4.6, 16), (6, 19.8), (8, 21.5), (12, 21.4),
    (15.5, 19.2), (19, 17.4), (25, 16.7), (33, 16.6), (41, 16.9),
)  # fmt: skip
BODY_DEPTH = ((-1, 12.5), (3, 12.5), (8, 15.5), (14, 18.5), (20, 20), (28, 20.5), (41, 21))
LUNG = (  # distance from the midline, y; the cage, closed
    (2.2, 8.2), (3.9, 6.1), (6.4, 5.6), (8.8, 7.0), (11.0, 10.2), (12.8, 14.5), (14.0, 19.5),
    (14.7, 25), (15.0, 30), (14.9, 34.6), (9, 36.5), (3.0, 36), (1.5, 31), (1.5, 24), (1.6, 17),
    (1.7, 12),
)  # fmt: skip
HEART = (  # x, y
    (-2.5, 16.2), (-3.5, 18.5), (-4.3, 21.5), (-4.55, 24.5), (-4.1, 27.5), (-2.9, 30.6),
    (2.5, 32.6), (7.6, 32.2), (9.2, 30.0), (9.2, 27.6), (8.2, 24.4), (6.4, 21.1), (4.8, 18.6),
    (3.7, 16.4), (1.5, 15.2),
)  # fmt: skip
VESSELS = (  # x, y; cava, arch of the aorta, pulmonary trunk
    (-2.3, 7.2), (-2.55, 10), (-2.75, 13), (-3.1, 16), (-3.2, 19), (0, 24), (3.6, 21),
    (4.35, 18.4), (4.15, 16.9), (3.45, 15.9), (3.35, 15.2), (3.85, 14.2), (3.75, 12.9),
    (3.0, 11.9), (2.3, 10.6), (2.35, 8.6), (2.5, 6.8), (0, 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patch:
    """An airspace opacity: centre and radii in cm, and the share of air it takes."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    share: float = 0.75


@dataclass(frozen=True, slots=True)
class Build:
    """Proportions of a body, 1 = adult; and what is wrong with it."""

    scale: float = 1.0  # of every length, the field's with it
    heart_width: float = 1.0
    heart_lift: float = 0.0  # cm, and the diaphragm with it
    rib_drop: float = 1.0  # how steeply the ribs fall to the front
    marrow: float = 1.0  # density of bone
    patches: tuple[Patch, ...] = ()


@dataclass(frozen=True, slots=True)
class Canvas:
    """The pixel grid."""

    size: int  # pixels a side
    x: Map  # cm
    y: Map  # cm

    @property
    def per_cm(self) -> float:
        """Pixels a centimetre."""
        return self.size / FIELD_CM

    def fill(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(size, size) bool: inside the closed outline ``points`` (n, 2) in cm."""
        image = Image.new("1", (self.size, self.size))
        pixels = (points + np.array([FIELD_CM / 2, 0.0])) * self.per_cm
        ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in pixels], fill=1)
        return np.asarray(image, dtype=bool)


def make_canvas(size: int) -> Canvas:
    """A grid of ``size`` x ``size`` pixels over the field."""
    along = (np.arange(size) + 0.5) * FIELD_CM / size
    x, y = np.meshgrid(along - FIELD_CM / 2, along)
    return Canvas(size, x, y)


def smooth_outline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(400, 2) points of the closed spline through ``points`` (n, 2)."""
    closed = np.vstack([points, points[:1]])
    spline, _ = splprep(closed.T, s=0.0, per=1)
    return np.asarray(np.stack(splev(np.linspace(0, 1, 400), spline), axis=1))


def blur(part: Map, width: float) -> Map:
    """A Gaussian blur; ``width`` is its standard deviation in pixels."""
    return np.asarray(gaussian_filter(part, width))


def dome(inside: NDArray[np.bool_], per_cm: float, rim: float) -> Map:
    """Depth in [0, 1] of a rounded solid: 0 at its outline, 1 from ``rim`` cm inwards."""
    depth = np.minimum(distance_transform_edt(inside) / per_cm / rim, 1.0)
    return np.asarray(np.sqrt(1.0 - (1.0 - depth) ** 2))


def speckle(rng: Generator, size: int, widths: tuple[float, ...]) -> Map:
    """Noise of zero mean and unit variance with detail at several widths (pixels)."""
    total = np.zeros((size, size))
    for width in widths:
        step = max(int(width / 3), 1)  # coarse noise is drawn on a coarse grid
        coarse = rng.standard_normal((size // step + 8, size // step + 8))
        layer = gaussian_filter(coarse, width / step, mode="wrap")
        if step > 1:
            layer = zoom(layer, step, order=1)
        layer = layer[:size, :size]
        total += layer / layer.std()
    return np.asarray(total / total.std())


def stroke(canvas: Canvas, path: NDArray[np.float64], reach: float) -> tuple[Map, Map]:
    """Distance (cm) to the nearest point of ``path`` (n, 2), and where along it, 0 to 1.

    Beyond ``reach`` the distance is infinite.
    """
    distance = np.full((canvas.size, canvas.size), np.inf)
    along = np.zeros((canvas.size, canvas.size))
    columns = ((path[:, 0] + FIELD_CM / 2) * canvas.per_cm).astype(int)
    rows = (path[:, 1] * canvas.per_cm).astype(int)
    margin = int(reach * canvas.per_cm) + 2
    top, bottom = max(rows.min() - margin, 0), min(rows.max() + margin, canvas.size)
    left, right = max(columns.min() - margin, 0), min(columns.max() + margin, canvas.size)
    if top >= bottom or left >= right:
        return distance, along
    free = np.ones((bottom - top, right - left), dtype=bool)
    share = np.zeros(free.shape)
    kept = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    if not kept.any():
        return distance, along
    free[rows[kept] - top, columns[kept] - left] = False
    share[rows[kept] - top, columns[kept] - left] = np.linspace(0, 1, len(path))[kept]
    near, (row, column) = distance_transform_edt(free, return_indices=True)
    near = near / canvas.per_cm
    distance[top:bottom, left:right] = np.where(near <= reach, near, np.inf)
    along[top:bottom, left:right] = share[row, column]
    return distance, along


def tube(distance: Map, radius: Map | float, wall: float = 1.0) -> Map:
    """Path length (cm) through a tube; ``wall`` is the thickness of its wall over its radius."""
    inner = radius * (1.0 - wall)
    outside = np.sqrt(np.clip(radius**2 - distance**2, 0.0, None))
    return np.asarray(2.0 * (outside - np.sqrt(np.clip(inner**2 - distance**2, 0.0, None))))
