"""Picture + evidence map -> the bytes that ``viewer.js`` reads."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.colours import LOWERS, RAISES, rgb
from mmbm.case import Picture, Window

__all__ = ["LONGEST_SIDE", "OWN_WINDOWS", "Film", "develop", "pack", "pack_overlay", "presets"]

LONGEST_SIDE = 1024  # pixels; more than the panel has
LEVELS = 65_535

CT_WINDOWS = (
    Window(-600.0, 1500.0, "ct_lung"),
    Window(40.0, 400.0, "ct_soft"),
    Window(500.0, 2000.0, "ct_bone"),
)
OWN_WINDOWS = ("auto", "full", *(w.name for w in CT_WINDOWS))  # names that are keys of texts


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A picture made ready for display; ``low + levels / 65535 * (high - low)`` is its value."""

    levels: NDArray[np.uint16]  # (height, width)
    low: float
    high: float
    spacing_mm: float | None  # of a displayed pixel
    reduction: float  # stored pixels per displayed pixel, at least 1
    windows: tuple[Window, ...]  # the first is shown at the start
    identity: str  # changes when the pixels do


def develop(picture: Picture) -> Film:
    """Shrink a picture to at most 1024 pixels a side and spread its values over 16 bits."""
    pixels = np.asarray(picture.pixels, dtype=np.float32)
    height, width = pixels.shape
    reduction = max(1.0, max(height, width) / LONGEST_SIDE)
    if reduction > 1:
        size = (max(1, round(width / reduction)), max(1, round(height / reduction)))
        image = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
        pixels = np.asarray(image, dtype=np.float32)
    low, high = float(pixels.min()), float(pixels.max())
    spread = high - low or 1.0
    levels = np.round((pixels - low) / spread * LEVELS).astype("<u2")
    return Film(
        levels=levels,
        low=low,
        high=low + spread,
        spacing_mm=picture.spacing_mm[0] * reduction if picture.spacing_mm else None,
        reduction=reduction,
        windows=presets(picture, pixels),
        identity=hashlib.blake2b(levels.tobytes(), digest_size=12).hexdigest(),
    )


def presets(picture: Picture, pixels: NDArray[np.float32]) -> tuple[Window, ...]:
    """The windows on offer: the file's own first, then automatic and full range."""
    low, high = float(pixels.min()), float(pixels.max())
    dark, bright = (float(v) for v in np.percentile(pixels, (1, 99)))
    auto = Window((dark + bright) / 2, max(bright - dark, 1e-6), "auto")
    full = Window((low + high) / 2, max(high - low, 1e-6), "full")
    of_file = tuple(w for w in picture.windows if w.width > 0 and w.of_file)
    if picture.windows and picture.windows[0].name == "auto":  # as it was shown to the model
        auto = picture.windows[0]
    ct = CT_WINDOWS if picture.dicom_modality == "CT" else ()
    # A PNG or JPEG was windowed by whoever exported it: its full range is how it was meant.
    rest = (auto, full) if picture.file_format == "DICOM" else (full, auto)
    return (*of_file, *ct, *rest)


def pack(
    film: Film,
    share: NDArray[np.floating] | None = None,
    *,
    scale: float = 1.0,
    window_names: tuple[str, ...],
    texts: Mapping[str, str],
    alt: str,
    name: str = "",
) -> bytes:
    """Header, 16-bit film and map as one block of bytes.

    ``share`` is (rows, columns), in logits, over the whole film; ``scale`` is the share that is
    drawn at full colour. ``window_names`` stand beside ``film.windows``. A viewer with a ``name``
    takes its map from :func:`pack_overlay` instead.
    """
    height, width = film.levels.shape
    header = {
        "name": name,
        "picture_id": film.identity,
        "width": width,
        "height": height,
        "low": film.low,
        "high": film.high,
        "spacing_mm": film.spacing_mm,
        "reduction": film.reduction,
        "windows": [
            {"name": named, "center": window.center, "width": window.width}
            for named, window in zip(window_names, film.windows, strict=True)
        ],
        "map": None if share is None else _map_header(share, scale),
        "texts": dict(texts),
        "alt": alt,
    }
    return _headed(header, film.levels.tobytes() + (b"" if share is None else _map_bytes(share)))


def pack_overlay(
    film: Film, share: NDArray[np.floating], *, scale: float, alt: str, name: str
) -> bytes:
    """Header and map for the viewer of this name, which draws it if it shows this film."""
    header = {
        "name": name,
        "picture_id": film.identity,
        "map": _map_header(share, scale),
        "alt": alt,
    }
    return _headed(header, _map_bytes(share))


def _map_header(share: NDArray[np.floating], scale: float) -> dict[str, object]:
    rows, cols = share.shape
    raises, lowers = rgb(RAISES), rgb(LOWERS)
    return {"rows": rows, "cols": cols, "scale": scale, "raises": raises, "lowers": lowers}


def _map_bytes(share: NDArray[np.floating]) -> bytes:
    return np.ascontiguousarray(share, dtype="<f4").tobytes()


def _headed(header: Mapping[str, object], body: bytes) -> bytes:
    head = json.dumps(header, ensure_ascii=False).encode()
    return struct.pack("<I", len(head)) + head + body
