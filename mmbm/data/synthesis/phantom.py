"""Draws a chest film of nobody: thicknesses of tissue, bone and air, then exposure, then display.

The film looks like one and is none: no patient's image went into it.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from mmbm.data.synthesis import phantom_parts as parts
from mmbm.data.synthesis.phantom_canvas import FIELD_CM, Build, Map, Patch, make_canvas, speckle
from mmbm.data.synthesis.phantom_vessels import fill_in, vessels

__all__ = ["FIELD_CM", "Build", "Patch", "draw_film"]

TISSUE_MU = 0.19  # per cm, at the mean energy of a 120 kV beam
BONE_MU = 0.44
AIR_SHARE = 0.76  # of inflated lung


def draw_film(build: Build, size: int, rng: Generator) -> NDArray[np.uint16]:
    """Draw one film: (size, size) uint16, 12 bits, MONOCHROME2 (bone bright, air dark).

    Raises ValueError unless ``size`` is a multiple of 4.
    """
    if size % 4:
        raise ValueError(f"The film's size is {size} pixels; it must be a multiple of 4.")
    canvas = make_canvas(size)
    wobble = speckle(rng, size, (size / 12,))
    body = parts.body(canvas, wobble)
    lungs = parts.lungs(canvas, build)  # cm of inflated lung
    heart = parts.heart(canvas, build)
    lungs = np.clip(lungs - heart, 0.0, None) * parts.above_diaphragm(canvas, build)
    blood = vessels(canvas, lungs, rng)
    air = AIR_SHARE * lungs * (1.0 + 0.016 * speckle(rng, size, (2.2, 5.0, 11.0)))
    air = fill_in(canvas, air, build, rng) - np.minimum(blood, 0.8 * lungs)
    air = air + parts.airway(canvas) + parts.stomach_bubble(canvas, build, rng)
    bone = build.marrow * parts.skeleton(canvas, build, rng)
    lead = parts.side_marker(canvas)
    tissue = np.clip(body - air - 0.6 * bone, 0.0, None)
    shift = [0.22 * size / FIELD_CM * speckle(rng, size, (size / 14, size / 7)) for _ in range(2)]
    tissue, bone, body = (bend(part, shift) for part in (tissue, bone, body))
    inside = body > 0.05
    return expose(tissue * build.scale**0.7, bone * build.scale**0.7 + lead, inside, rng)


def bend(part: Map, shift: list[Map]) -> Map:
    """Push the map about by a few millimetres; ``shift`` holds pixels down and to the right."""
    rows, columns = np.mgrid[0 : len(part), 0 : len(part)]
    moved = map_coordinates(part, [rows + shift[0], columns + shift[1]], order=1, mode="nearest")
    return np.asarray(moved)


def expose(tissue: Map, bone: Map, inside: NDArray[np.bool_], rng: Generator) -> NDArray[np.uint16]:
    """Turn thicknesses (cm) into 12-bit greys: attenuation, scatter, blur, noise, display."""
    size = len(tissue)
    primary = np.exp(-TISSUE_MU * tissue - BONE_MU * bone)
    slope = np.linspace(1.06, 0.94, size)[:, None]  # the heel of the anode
    rows, columns = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    primary = primary * slope * (1.0 - 0.07 * (rows**2 + columns**2))
    scatter = wide_blur(np.where(inside, primary, 0.0), size / 14)
    dose = gaussian_filter(primary + 0.32 * scatter, size / 1500)
    grain = gaussian_filter(rng.standard_normal(dose.shape), 0.55)
    dose = dose * (1.0 + 0.018 * grain * np.sqrt(0.1 / np.clip(dose, 0.01, None)))
    density = -np.log(np.clip(dose, 1e-4, None))
    local = wide_blur(density, size / 22)
    density = 0.72 * density + 0.28 * (density - local) * 2.1 + 0.28 * np.median(density[inside])
    low, high = np.percentile(density[inside], (4.0, 99.0))
    level = (density - low) / (high - low)  # about 0 in lung, 1 in the densest part
    shown = 1.0 / (1.0 + np.exp(-3.9 * (level - 0.50)))
    return np.asarray(np.clip(np.round(60 + 3900 * shown), 0, 4095), dtype=np.uint16)


def wide_blur(part: Map, width: float) -> Map:
    """A Gaussian blur of many pixels, done on every fourth one; the size is a multiple of 4."""
    size = len(part) // 4
    small = part.reshape(size, 4, size, 4).mean(axis=(1, 3))
    return np.asarray(zoom(gaussian_filter(small, width / 4), 4, order=1))
