"""What runs through the phantom's lungs, and what fills them: vessels, patches, bronchi."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mmbm.data.synthesis.phantom_canvas import Build, Canvas, Map, blur, speckle

__all__ = ["fill_in", "vessels"]


def vessels(canvas: Canvas, lung: Map, rng: Generator) -> Map:
    """Pulmonary vessels: two branching trees from the hila, of blood (cm)."""
    blood = np.zeros_like(canvas.x)
    for side, x, y in ((-1, 3.3, 18.6), (1, 3.9, 17.4)):
        for angle in np.deg2rad([-62, -38, -8, 18, 36, 52, 66, 80]):
            length, radius = rng.uniform(2.4, 3.4), rng.uniform(0.46, 0.66)
            wide = (
                1.15 if angle > 0.3 else 0.9 if angle > -0.5 else 0.66
            )  # gravity: lower vessels are fuller
            start = np.array([x + rng.normal(0, 0.25), y + rng.normal(0, 0.5)])
            _branch(canvas, blood, start, angle, length, radius * wide, side, rng, 7)
        hilum = np.exp(-(((side * canvas.x - x) / 1.0) ** 2) - ((canvas.y - y) / 1.7) ** 2)
        blood += 1.9 * hilum
    fade = np.clip(lung / 9.0, 0.0, 1.0)
    return 1.9 * blur(blood, 0.045 * canvas.per_cm) * fade


def _branch(
    canvas: Canvas,
    blood: Map,
    start: NDArray[np.float64],
    angle: float,
    length: float,
    radius: float,
    side: int,
    rng: Generator,
    left: int,
) -> None:
    bend = rng.normal(0.0, 0.14)
    middle = start + 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
    end = middle + 0.5 * length * np.array([np.cos(angle + bend), np.sin(angle + bend)])
    for a, b in ((start, middle), (middle, end)):
        _add_segment(canvas, blood, a * (side, 1), b * (side, 1), radius)
    if left == 0 or radius < 0.035:
        return
    spread = rng.uniform(0.25, 0.6)
    share = rng.uniform(0.35, 0.65)
    for sign, part in ((1, share), (-1, 1.0 - share)):
        thinner = radius * part ** (1 / 2.6)  # Murray's law, nearly
        turn = angle + bend + sign * spread * (1.25 - part)
        shorter = length * rng.uniform(0.68, 0.92)
        _branch(canvas, blood, end, turn, shorter, thinner, side, rng, left - 1)


def _add_segment(
    canvas: Canvas,
    blood: Map,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    radius: float,
) -> None:
    scale, size = canvas.per_cm, canvas.size
    low = np.floor((np.minimum(a, b) - radius + [20.0, 0.0]) * scale).astype(int) - 1
    high = np.ceil((np.maximum(a, b) + radius + [20.0, 0.0]) * scale).astype(int) + 2
    low, high = np.clip(low, 0, size), np.clip(high, 0, size)
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    if blood[box].size == 0:
        return
    px, py = canvas.x[box] - a[0], canvas.y[box] - a[1]
    step = b - a
    t = np.clip((px * step[0] + py * step[1]) / max(float(step @ step), 1e-9), 0.0, 1.0)
    squared = (px - t * step[0]) ** 2 + (py - t * step[1]) ** 2
    blood[box] = np.maximum(blood[box], 2.0 * np.sqrt(np.clip(radius**2 - squared, 0.0, None)))


def fill_in(canvas: Canvas, air: Map, build: Build, rng: Generator) -> Map:
    """Take air away where a patch fills it, sparing the bronchi that run through it."""
    cm = canvas.per_cm
    clouds = speckle(rng, canvas.size, (0.6 * cm, 1.1 * cm, 2.0 * cm))
    fine = speckle(rng, canvas.size, (0.16 * cm, 0.3 * cm))
    for patch in build.patches:
        r = np.hypot((canvas.x - patch.x) / patch.radius_x, (canvas.y - patch.y) / patch.radius_y)
        solid = 1.0 / (1.0 + np.exp(-(0.8 - r + 0.26 * clouds) / 0.19))
        solid = np.clip(solid * (1.0 + 0.06 * fine), 0.0, 1.0)
        bronchi = np.zeros_like(canvas.x)
        side = int(np.sign(patch.x))
        start = np.array([abs(patch.x) - 0.9 * patch.radius_x, patch.y - 0.8 * patch.radius_y])
        for angle in (0.45, 0.8, 1.15):
            _branch(canvas, bronchi, start, angle, 1.5, 0.15, side, rng, 3)
        gone = air * patch.share * solid
        air = air - gone + np.minimum(2.6 * blur(bronchi, 0.05 * cm), 0.5 * gone)
    return air
