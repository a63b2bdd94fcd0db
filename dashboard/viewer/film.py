"""A picture made ready for the viewer: full resolution, 16 bit, packed small."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmbm.case import Picture, Window
from mmbm.io.header import of_the_chest

__all__ = ["LONGEST_SIDE", "OWN_WINDOWS", "Film", "develop", "presets"]

LONGEST_SIDE = 8192  # pixels; what any WebGL2 texture may have
LEVELS = 65_535

CT_WINDOWS = (
    Window(-600.0, 1500.0, "ct_lung"),
    Window(40.0, 400.0, "ct_soft"),
    Window(500.0, 2000.0, "ct_bone"),
)
OWN_WINDOWS = ("auto", "full", *(w.name for w in CT_WINDOWS))  # names that are keys of texts


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A picture made ready for display; ``low + level / 65535 * (high - low)`` is its value.

    Whole numbers keep their own steps, so that a level is a grey level of the file.
    """

    content: bytes  # :func:`packed` levels, (height, width)
    height: int
    width: int
    low: float  # the least value
    top: float  # the greatest value
    high: float  # the value of level 65535, at least ``top``
    spacing_mm: tuple[float, float] | None  # (row, column) pitch of a displayed pixel
    at_detector: bool  # whether that pitch is the detector's, not the patient's
    orientation: tuple[str, str]  # where rows and columns run: L, R, A, P, H, F or blank
    view: str  # PA, AP, LL, …
    frame: int  # of the file, from 0
    frames: int  # of the file
    reduction: float  # stored pixels per displayed pixel, at least 1
    windows: tuple[Window, ...]  # the first is shown at the start
    curve: bytes  # the first window's grey of each level, where it is no line; else empty
    identity: str  # changes when the pixels or the windows do


def develop(picture: Picture) -> Film:
    """Pack a picture at full size, or at 8192 pixels a side where it is larger."""
    pixels = np.asarray(picture.pixels, dtype=np.float32)
    low, top = float(pixels.min()), float(pixels.max())
    step = _step(pixels, top - low)
    windows = presets(picture, pixels)
    curve = b""
    if picture.windows and windows[0] == picture.windows[0] and windows[0].of_file:
        curve = _curve(_levels(pixels, low, step), picture.shown, low, step, windows[0])
    reduction = max(1.0, max(pixels.shape) / LONGEST_SIDE)
    if reduction > 1:
        height, width = pixels.shape
        size = (max(1, round(width / reduction)), max(1, round(height / reduction)))
        image = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
        pixels = np.asarray(image, dtype=np.float32)
    content = packed(_levels(pixels, low, step))
    row, column = picture.spacing_mm or (0.0, 0.0)
    return Film(
        content=content,
        height=pixels.shape[0],
        width=pixels.shape[1],
        low=low,
        top=top,
        high=low + step * LEVELS,
        spacing_mm=(row * reduction, column * reduction) if picture.spacing_mm else None,
        at_detector=picture.at_detector,
        orientation=picture.orientation,
        view=picture.view,
        frame=picture.frame,
        frames=picture.frames,
        reduction=reduction,
        windows=windows,
        curve=curve,
        identity=_identity(content, curve, repr(windows).encode()),
    )


def presets(picture: Picture, pixels: NDArray[np.float32]) -> tuple[Window, ...]:
    """The windows on offer: the file's own first, then what it is else shown with.

    A CT without one begins with the range of its pixels, for it may be of any part of the body; a
    CT of the chest, by its header, begins with the lung window.
    """
    low, high = float(pixels.min()), float(pixels.max())
    dark, bright = (float(v) for v in np.percentile(pixels, (1, 99)))
    auto, full = _between(dark, bright, "auto"), _between(low, high, "full")
    of_file = tuple(w for w in picture.windows if w.width > 0 and w.of_file)
    ct = CT_WINDOWS if picture.dicom_modality == "CT" else ()
    made = picture.windows[0].name if picture.windows else ""
    if made == "auto":  # as it was shown to the model
        auto = picture.windows[0]
    windowed = made == "full"  # in colour or of 8 bits: by whoever exported it
    of_range = (picture.windows[0], auto) if windowed else (auto, full)
    if of_file or (of_the_chest(picture.body_part) and not windowed):
        return (*of_file, *ct, *of_range)
    return (*of_range, *ct)


def packed(levels: NDArray[np.uint16]) -> bytes:
    """(height, width) -> zlib of the differences between rows, all low bytes, then all high ones.

    A difference d is stored as 2 d, or as -2 d - 1 where it is negative, so that high bytes are
    mostly 0. Run lengths and Huffman codes alone are as small as a search for repeats, and
    quicker.
    """
    differences = levels.copy()
    differences[1:] -= levels[:-1]
    signed = differences.view(np.int16)
    folded = ((signed << 1) ^ (signed >> 15)).astype("<u2").reshape(-1).view(np.uint8)
    deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    planes = (deflate.compress(folded[place::2].tobytes()) for place in (0, 1))
    return b"".join((*planes, deflate.flush()))


def _between(dark: float, bright: float, name: str) -> Window:
    """The linear window from one value to another, PS3.3 C.11.2.1.2.1."""
    return Window((dark + bright) / 2 + 0.5, max(bright - dark, 1e-6) + 1, name)


def _identity(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _step(pixels: NDArray[np.float32], spread: float) -> float:
    """The value between two levels: 1 where values are whole and few enough."""
    if 0 < spread <= LEVELS and bool((pixels == np.rint(pixels)).all()):
        return 1.0
    return (spread or 1.0) / LEVELS


def _levels(pixels: NDArray[np.float32], low: float, step: float) -> NDArray[np.uint16]:
    levels: NDArray[np.uint16] = np.rint((pixels - np.float32(low)) / step).astype(np.uint16)
    return levels


def _curve(
    levels: NDArray[np.uint16],
    shown: NDArray[np.float32],
    low: float,
    step: float,
    window: Window,
) -> bytes:
    """The grey of each level in ``shown``; empty where the linear window gives the same."""
    greys = np.full(int(levels.max()) + 1, np.nan)
    greys[levels.ravel()] = shown.ravel()
    greys[0] = shown[levels == 0].max()  # padding is stored as the least value, and shown black
    used = np.flatnonzero(np.isfinite(greys))
    values = low + used * step
    line = np.clip((values - window.center + 0.5) / max(window.width - 1, 1e-6) + 0.5, 0, 1)
    if np.abs(greys[used] - line).max() * 255 <= 0.5:
        return b""
    every = np.interp(np.arange(len(greys)), used, greys[used])
    curve: NDArray[np.uint8] = np.rint(every * 255).astype(np.uint8)
    return curve.tobytes()
