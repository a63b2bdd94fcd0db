"""Radiographs: DICOM (see :mod:`mmbm.io.dicom`), PNG and JPEG, told apart by their content.

Runs inside the sandbox.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Picture, Window
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import dicom
from mmbm.io.grayscale import robust_window, show

__all__ = ["decode"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_SMALL = 200  # pixels a side
_COLOUR = 12.0  # mean difference between channels, of 255, that no grey scan has
_OTHERS = {  # first bytes of what people hand in by mistake
    b"GIF8": "a GIF",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"RIFF": "a WebP picture or a sound",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an Office document",
    b"\x1f\x8b": "a compressed archive",
    b"7z\xbc\xaf": "a compressed archive",
    b"Rar!": "a compressed archive",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}


def decode(content: bytes, name: str, limits: Limits, frame: int = 0) -> Picture:
    """Read a picture of any accepted kind.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    if dicom.looks_like_dicom(content):
        return dicom.decode(content, limits, frame)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _decode_drawn(content, name, limits, "PNG")
    if content.startswith(b"\xff\xd8\xff"):
        return _decode_drawn(content, name, limits, "JPEG")
    for start, what in _OTHERS.items():
        if content.startswith(start):
            raise UnsupportedFile(
                f"This file is {what}; please give a DICOM, PNG or JPEG picture instead."
            )
    return dicom.decode(content, limits, frame)  # old files lack the 128-byte preamble


def _decode_drawn(content: bytes, name: str, limits: Limits, kind: str) -> Picture:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as image:
            _check_sizes(image, limits)
            stored, bits = _stored(image)
    except (TooLarge, UnsupportedFile, MemoryError):
        raise
    except Image.DecompressionBombError as exc:
        raise TooLarge(_too_many_pixels(limits)) from exc
    except Exception as exc:
        raise UnreadableFile(
            f"The {kind} picture is damaged and could not be decoded; please export it again."
        ) from exc

    coloured = stored.ndim == 3
    spread = float(np.ptp(stored, axis=2).mean()) if coloured else 0.0
    pixels = stored @ _LUMA if coloured else stored
    if np.ptp(pixels) < 1e-3:
        raise NoSignal("The picture is one even grey: there is nothing to see in it.")
    window = Window(128.0, 256.0, "full")
    if bits > 8:  # scanners fill only part of 16 bits
        window = robust_window(*np.unique(pixels.astype(np.float64), return_counts=True))
    warnings = _cautions(pixels.shape, spread > _COLOUR)
    if name.lower().endswith((".dcm", ".dicom")):
        warnings = (*warnings, f"The file is named like a DICOM file but is a {kind} picture.")
    return Picture(
        pixels=pixels,
        shown=show(pixels, window).astype(np.float32),
        windows=(window,),
        file_format=kind,
        photometric="RGB" if coloured else "MONOCHROME2",
        bits_stored=bits,
        warnings=warnings,
    )


def _check_sizes(image: Any, limits: Limits) -> None:
    if image.width * image.height > limits.pixels:
        raise TooLarge(_too_many_pixels(limits))
    if getattr(image, "n_frames", 1) > 1 and image.format == "PNG":
        raise UnsupportedFile("This PNG is animated; please give a single picture.")


def _too_many_pixels(limits: Limits) -> str:
    return f"The picture has too many pixels; at most {limits.pixels / 1e6:.0f} million are read."


def _stored(image: Any) -> tuple[NDArray[np.float32], int]:
    """(height, width) or (height, width, 3) RGB, and the bits of a sample; upright."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits, grey
        return np.asarray(image).astype(np.float32), 16
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L")).astype(np.float32), 8
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image)
    stored = np.asarray(image.convert("RGB")).astype(np.float32)
    if np.array_equal(stored[..., 0], stored[..., 1]) and np.array_equal(
        stored[..., 1], stored[..., 2]
    ):
        return stored[..., 0], 8
    return stored, 8


def _cautions(shape: tuple[int, ...], coloured: bool) -> tuple[str, ...]:
    says: list[str] = []
    if min(shape) < _SMALL:
        says.append(
            f"The picture is only {shape[1]} x {shape[0]} pixels: small findings cannot be seen."
        )
    if coloured:
        says.append(
            "This is a colour picture; a radiograph is grey. Check that it is the right file."
        )
    return tuple(says)
