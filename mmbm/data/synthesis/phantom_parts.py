"""The parts of the phantom, each a map of path lengths in cm."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from mmbm.data.synthesis.phantom_canvas import (
    BODY_DEPTH,
    BODY_WIDTH,
    HEART,
    LUNG,
    VESSELS,
    Build,
    Canvas,
    Map,
    blur,
    dome,
    smooth_outline,
    stroke,
    tube,
)

__all__ = [
    "above_diaphragm",
    "airway",
    "body",
    "heart",
    "lungs",
    "side_marker",
    "skeleton",
    "stomach_bubble",
]

RIBS = 10
DIAPHRAGM = {-1: 29.6, 1: 30.9}  # y of the dome's top: right (x < 0) higher than left


def body(canvas: Canvas, wobble: Map) -> Map:
    """Everything inside the skin, as if it were all soft tissue."""
    y = canvas.y[:, :1]
    width = PchipInterpolator(*zip(*BODY_WIDTH, strict=True))(y)
    depth = PchipInterpolator(*zip(*BODY_DEPTH, strict=True))(y)
    across = np.clip(np.abs(canvas.x) / (width + 0.12 * wobble), 0.0, 1.0)
    whole = depth * (1.0 - across**3.0) ** (1 / 2.2)
    return np.asarray(whole * (1.0 + 0.012 * wobble))


def lungs(canvas: Canvas, build: Build) -> Map:
    """Inflated lung, as if there were no diaphragm and nothing between the lungs."""
    total = np.zeros_like(canvas.x)
    for side in (-1, 1):
        inside = canvas.fill(smooth_outline(np.array(LUNG)) * [side, 1.0])
        apex = np.clip((canvas.y - 4.5) / 11.0, 0.0, 1.0)
        total += 15.0 * (0.42 + 0.58 * apex**0.8) * dome(inside, canvas.per_cm, 4.6)
    return blur(total, 0.06 * canvas.per_cm)


def above_diaphragm(canvas: Canvas, build: Build) -> Map:
    """Share of the lung that is there: 1 above the domes, then the recess behind them, then 0."""
    share = np.ones_like(canvas.x)
    for side in (-1, 1):
        below = _below_diaphragm(canvas, build, side)
        recess = 0.24 * np.clip(1.0 - np.sqrt(np.clip(below, 0.0, None) / 4.6), 0.0, None)
        edge = 1.0 / (1.0 + np.exp(-np.clip(below / 0.05, -50, 50)))
        share = np.where(side * canvas.x > 0, (1.0 - edge) + edge * recess, share)
    return blur(share, 0.05 * canvas.per_cm)


def _below_diaphragm(canvas: Canvas, build: Build, side: int) -> Map:
    """How far (cm) each pixel is under the dome of this side; negative above it."""
    off_middle = side * canvas.x - (6.6 if side < 0 else 7.4)
    fall = np.where(off_middle < 0, 0.035, 0.064) * off_middle**2
    ripple = 0.10 * np.sin(0.45 * canvas.x + side)
    return np.asarray(canvas.y - (DIAPHRAGM[side] - build.heart_lift + fall + ripple))


def heart(canvas: Canvas, build: Build) -> Map:
    """Heart, great vessels and the rest of the mediastinum that lies among the lungs."""
    outline = np.array(HEART) * [build.heart_width, 1.0] - [0.0, build.heart_lift]
    main = 12.0 * dome(canvas.fill(smooth_outline(outline)), canvas.per_cm, 4.8)
    lift = np.array(VESSELS) - [0.0, 0.5 * build.heart_lift]
    great = 10.0 * dome(canvas.fill(smooth_outline(lift)), canvas.per_cm, 2.2)
    descending = 4.0 * _strip(canvas, 1.8, 1.3, 14.0, 33.0)
    return blur(np.maximum.reduce([main, great, descending]), 0.05 * canvas.per_cm)


def side_marker(canvas: Canvas) -> Map:
    """A leaden L beside the patient's left shoulder."""
    x, y = canvas.x - 17.6, canvas.y - 1.6
    upright = (np.abs(x) < 0.14) & (np.abs(y) < 0.75)
    foot = (x > -0.14) & (x < 0.8) & (np.abs(y - 0.62) < 0.14)
    return blur(np.where(upright | foot, 8.0, 0.0), 0.03 * canvas.per_cm)


def _ball(canvas: Canvas, x: float, y: float, width: float, height: float) -> Map:
    """Depth in [0, 1] of an ellipsoid."""
    r = ((canvas.x - x) / width) ** 2 + ((canvas.y - y) / height) ** 2
    return np.asarray(np.sqrt(np.clip(1.0 - r, 0.0, None)))


def _strip(canvas: Canvas, x: float, half: float, top: float, bottom: float) -> Map:
    """Depth in [0, 1] of an upright column with soft ends."""
    ends = np.clip((canvas.y - top) / 3.0, 0, 1) * np.clip((bottom - canvas.y) / 3.0, 0, 1)
    lean = x + 0.12 * np.sin(canvas.y / 3.0)
    shape = np.sqrt(np.clip(1.0 - ((canvas.x - lean) / half) ** 2, 0.0, None))
    return np.asarray(shape * ends)


def airway(canvas: Canvas) -> Map:
    """Trachea and the two main bronchi."""
    y = np.linspace(-1.0, 14.6, 300)
    trachea = np.stack([-0.25 + 0.2 * np.sin(y / 5.0), y], axis=1)
    right = _line((-0.25, 14.4), (-3.4, 18.0))
    left = _line((-0.25, 14.4), (3.8, 17.6))
    paths = ((trachea, 0.92, 0.9), (right, 0.68, 0.8), (left, 0.6, 0.75))
    air = np.zeros_like(canvas.x)
    for path, radius, depth in paths:
        distance, _ = stroke(canvas, path, 2.0)
        air = np.maximum(air, depth * tube(distance, radius))
    return blur(air, 0.08 * canvas.per_cm)


def stomach_bubble(canvas: Canvas, build: Build, rng: Generator) -> Map:
    """Gas under the left dome of the diaphragm."""
    y = DIAPHRAGM[1] - build.heart_lift + 2.7
    x = 6.6 + float(rng.uniform(-0.5, 0.5))
    gas = _ball(canvas, x, y, 3.0, 1.55) * np.clip((y + 1.1 - canvas.y) / 0.5, 0.0, 1.0)
    return blur(4.2 * gas, 0.16 * canvas.per_cm)


def _line(a: tuple[float, float], b: tuple[float, float]) -> NDArray[np.float64]:
    return np.linspace(a, b, 200)


def skeleton(canvas: Canvas, build: Build, rng: Generator) -> Map:
    """Ribs, clavicles, spine, shoulder blades and the heads of the upper arms (cm of bone)."""
    bone = _spine(canvas)
    for side in (-1, 1):
        for k in range(RIBS):
            bone += _rib(canvas, k, side, build, rng)
        bone += _clavicle(canvas, side) + _shoulder(canvas, side)
    return blur(bone, 0.05 * canvas.per_cm)


def _rib(canvas: Canvas, k: int, side: int, build: Build, rng: Generator) -> Map:
    """One rib: a tilted ring round the chest, high behind and low in front, seen from behind."""
    y0 = 6.0 + 2.62 * k + rng.normal(0, 0.06)
    drops = (3.6, 5.6, 7.0, 8.2, 9.2, 9.8, 10.2, 10.2, 9.6, 8.6)
    drop = drops[k] * build.rib_drop
    wall = np.array(LUNG[2:10])  # the cage's side
    width = float(PchipInterpolator(wall[:, 1], wall[:, 0])(min(y0 + drop / 2, 34.0))) - 0.05
    turn = np.linspace(0.14, 2.5 if k < 7 else 2.1, 900)  # 0 at the spine, pi at the breastbone
    x = width * np.sin(turn) ** 0.92
    hump = -0.55 * np.sin(np.clip(turn * 2.2, 0, np.pi))
    y = y0 + drop * (1 - np.cos(turn)) / 2 + hump
    distance, along = stroke(canvas, np.stack([side * x, y], axis=1), 1.1)
    radius = 0.50 + 0.13 * along + 0.02 * k * (k < 6)
    strength = np.where(along < 0.52, 1.0, 0.8) * np.clip((1.0 - along) / 0.13, 0.0, 1.0)
    strength = strength * np.clip(0.25 + along / 0.12, 0.0, 1.0)
    hollow = tube(distance, radius, wall=0.2) + 0.22 * tube(distance, radius)
    flat = np.clip(np.cos(np.pi * (along - 0.45)), 0.0, 1.0) ** 6  # edge-on where it turns
    return np.asarray(0.80 * hollow * strength * (1.0 + 0.1 * flat))


def _clavicle(canvas: Canvas, side: int) -> Map:
    t = np.linspace(0, 1, 500)
    x = 1.9 + 14.6 * t
    y = 8.3 - 2.6 * t + 0.75 * np.sin(2 * np.pi * t)
    distance, along = stroke(canvas, np.stack([side * x, y], axis=1), 1.4)
    radius = 0.60 + 0.22 * np.clip(1 - along / 0.16, 0, 1) + 0.12 * along
    fade = np.clip(0.3 + along / 0.1, 0, 1)
    return fade * 0.72 * tube(distance, radius, wall=0.26) + fade * 0.2 * tube(distance, radius)


def _shoulder(canvas: Canvas, side: int) -> Map:
    blade = np.array(
        [(12.4, 8.0), (15.5, 6.4), (18.0, 8.0), (17.4, 11.5), (16.6, 16), (15.2, 19.6), (13.6, 15)]
    )
    inside = canvas.fill(smooth_outline(blade) * [side, 1.0])
    rim, _ = stroke(canvas, smooth_outline(blade) * [side, 1.0], 0.6)
    sheet = 0.16 * blur(inside.astype(float), 0.1 * canvas.per_cm)
    head = 2.3 * _ball(canvas, side * 19.2, 8.6, 2.4, 2.5)
    spine = stroke(canvas, np.array(_line((13.2, 8.8), (19.0, 6.2))) * [side, 1.0], 0.8)[0]
    return sheet + 0.38 * tube(rim, 0.32) + 0.5 * head + 0.4 * tube(spine, 0.5, wall=0.4)


def _spine(canvas: Canvas) -> Map:
    """Vertebral bodies with discs between them, pedicles and spinous processes."""
    pitch = 2.35
    bowed = canvas.y - 0.6 + 0.05 * canvas.x**2 + 0.03 * canvas.x
    phase = np.mod(bowed, pitch) / pitch  # 0 at a disc
    half = 1.55 + 0.012 * canvas.y + 0.14 * np.cos(2 * np.pi * phase)  # waisted bodies
    edge = 1.0 / (1.0 + np.exp((np.abs(canvas.x) - half) / 0.07))
    disc = np.clip(np.minimum(phase, 1 - phase) / 0.10, 0.0, 1.0)
    plate = np.exp(-(((np.minimum(phase, 1 - phase) - 0.11) / 0.035) ** 2))
    bodies = edge * (0.55 + 0.45 * disc + 0.30 * plate)
    middle = (phase - 0.36) * pitch
    pedicles = np.exp(-((((np.abs(canvas.x) - 1.05) / 0.24) ** 2 + (middle / 0.38) ** 2) ** 2))
    process = np.exp(-(((canvas.x / 0.24) ** 2 + ((phase - 0.72) * pitch / 0.55) ** 2) ** 2))
    return np.asarray(0.62 * bodies + 0.30 * pedicles + 0.34 * process)
