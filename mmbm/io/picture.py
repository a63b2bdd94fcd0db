"""Radiographs: DICOM (see :mod:`mmbm.io.dicom`), PNG and JPEG, told apart by their content.

Runs inside the sandbox.
"""

from __future__ import annotations

import numpy as np

from mmbm.case import Picture, Window
from mmbm.config import Limits
from mmbm.errors import UnsupportedFile
from mmbm.io import dicom
from mmbm.io.decoders import named
from mmbm.io.drawn import Drawn, decode_jpeg, decode_png
from mmbm.io.grayscale import refuse_even, robust_window, show
from mmbm.text import Sentence, sentence

__all__ = ["decode"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_SMALL = 200  # pixels a side
_COLOUR = 12.0  # mean difference between channels, of 255, that no grey scan has
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_OTHERS = {  # what people hand in by mistake, by its first bytes
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"RIFF": "riff",
    b"\0\0\0\x0cjP  ": "jpeg_2000",
    b"\xff\x4f\xff\x51": "jpeg_2000",
    b"\xff\x0a": "jpeg_xl",
    b"\0\0\0\x0cJXL ": "jpeg_xl",
    b"%PDF": "pdf",
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "archive",
    b"7z\xbc\xaf": "archive",
    b"Rar!": "archive",
    b"<!DOCTYPE": "web_page",
    b"<html": "web_page",
}


def decode(content: bytes, name: str, limits: Limits, frame: int = 0) -> Picture:
    """Read a picture of any accepted kind.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    if dicom.looks_like_dicom(content):
        return dicom.decode(content, limits, frame)
    if content.startswith(_PNG):
        _refuse_others(frame)
        return _as_picture(decode_png(content, limits), "PNG", name)
    if content.startswith(_JPEG):
        _refuse_others(frame)
        return _as_picture(decode_jpeg(content, limits), "JPEG", name)
    for start, what in _OTHERS.items():
        if content.startswith(start):
            raise UnsupportedFile(sentence(f"io.image.foreign.{what}"))
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise UnsupportedFile(sentence("io.image.foreign.heif"))
    return dicom.decode(content, limits, frame)  # old files lack the 128-byte preamble


def _refuse_others(frame: int) -> None:
    """Refuse any but the one frame of a PNG or JPEG. Raises UnsupportedFile."""
    if frame != 0:
        raise UnsupportedFile(sentence("io.dicom.no_such_frame", frame=frame + 1, frames=1))


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
        warnings = (*warnings, sentence("io.image.named_dicom", kind=named(kind)))
    return Picture(
        pixels=pixels,
        shown=show(pixels, window).astype(np.float32),
        windows=(window,),
        file_format=kind,
        photometric="RGB" if coloured else "MONOCHROME2",
        bits_stored=drawn.bits,
        warnings=warnings,
    )


def _cautions(shape: tuple[int, ...], coloured: bool) -> tuple[Sentence, ...]:
    says: list[Sentence] = []
    if min(shape) < _SMALL:
        says.append(sentence("io.image.small", width=shape[1], height=shape[0]))
    if coloured:
        says.append(sentence("io.image.coloured"))
    return tuple(says)
