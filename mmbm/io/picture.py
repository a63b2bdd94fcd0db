"""Radiographs: DICOM (see :mod:`mmbm.io.dicom`), PNG and JPEG, told apart by their content.

Runs inside the sandbox.
"""

from __future__ import annotations

import numpy as np

from mmbm.case import Picture, Window
from mmbm.config import Limits
from mmbm.errors import UnsupportedFile
from mmbm.io import dicom
from mmbm.io.drawn import Drawn, decode_jpeg, decode_png
from mmbm.io.grayscale import refuse_even, robust_window, show

__all__ = ["decode"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_SMALL = 200  # pixels a side
_COLOUR = 12.0  # mean difference between channels, of 255, that no grey scan has
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_OTHERS = {  # first bytes of what people hand in by mistake
    b"GIF8": "a GIF",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"RIFF": "a WebP picture or a sound",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
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
    if content.startswith(_PNG):
        return _as_picture(decode_png(content, limits), "PNG", name)
    if content.startswith(_JPEG):
        return _as_picture(decode_jpeg(content, limits), "JPEG", name)
    for start, what in _OTHERS.items():
        if content.startswith(start):
            raise UnsupportedFile(
                f"This file is {what}; please give a DICOM, PNG or JPEG picture instead."
            )
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise UnsupportedFile(
            "This file is a HEIC or AVIF photograph; please give a DICOM, PNG or JPEG picture."
        )
    return dicom.decode(content, limits, frame)  # old files lack the 128-byte preamble


def _as_picture(drawn: Drawn, kind: str, name: str) -> Picture:
    refuse_even(drawn.stored)
    coloured = drawn.stored.ndim == 3
    pixels = drawn.stored.astype(np.float32)
    spread = 0.0
    if coloured:
        spread = float(np.ptp(pixels, axis=2).mean()) * 255 / (2**drawn.bits - 1)
        pixels = pixels @ _LUMA
        refuse_even(pixels)
    window = Window(128.0, 256.0, "full")
    if drawn.bits > 8:  # scanners fill only part of 16 bits
        window = robust_window(*np.unique(pixels.astype(np.float64), return_counts=True))
    warnings = (*_cautions(pixels.shape, spread > _COLOUR), *drawn.cautions)
    if name.lower().endswith((".dcm", ".dicom")):
        warnings = (*warnings, f"The file is named like a DICOM file but is a {kind} picture.")
    return Picture(
        pixels=pixels,
        shown=show(pixels, window).astype(np.float32),
        windows=(window,),
        file_format=kind,
        photometric="RGB" if coloured else "MONOCHROME2",
        bits_stored=drawn.bits,
        warnings=warnings,
    )


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
