"""What a compressed picture declares of itself.

JPEG (ITU-T T.81), JPEG-LS (T.87) and JPEG 2000 (T.800). Read from its first bytes, before any
decoder sees it; the header around it may say something else.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = ["Codestream", "inspect"]

_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
_FRAMES = {  # start-of-frame markers, T.81 table B.1 and T.87
    0xC0: "JPEG",
    0xC1: "JPEG",
    0xC2: "JPEG",
    0xC3: "lossless JPEG",
    0xC5: "hierarchical JPEG",
    0xC6: "hierarchical JPEG",
    0xC7: "hierarchical JPEG",
    0xC9: "JPEG",
    0xCA: "JPEG",
    0xCB: "arithmetic lossless JPEG",
    0xCD: "hierarchical JPEG",
    0xCE: "hierarchical JPEG",
    0xCF: "hierarchical JPEG",
    0xF7: "JPEG-LS",
}
_SCAN = b"\xff\xda"
MAX_BOXES = 1000  # of a JP2 file, before its codestream


class Codestream(NamedTuple):
    """The size and kind of one compressed picture."""

    kind: str  # JPEG, lossless JPEG, JPEG-LS, JPEG 2000, …
    height: int
    width: int
    samples: int  # components of a pixel
    bits: int  # of a sample
    signed: bool = False
    scans: int = 1  # of a JPEG: how often the whole picture is gone over
    tiles: int = 1  # of a JPEG 2000
    lossy: bool = False  # as far as the frame tells
    marked: str = ""  # what a JPEG's application marks say of colour: JFIF, Adobe0, Adobe1, …
    orientation: bytes = b""  # the Exif block of a JPEG, for its orientation


def inspect(stream: bytes) -> Codestream | None:
    """The declared size and kind; None where the bytes are none of these."""
    if stream.startswith(b"\xff\xd8"):
        return _jpeg(stream)
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return _jpeg_2000(stream, 0)
    if stream[4:8] == b"jP  ":
        return _in_boxes(stream)
    return None


def _jpeg(stream: bytes) -> Codestream | None:
    at, end = 2, len(stream)
    marked, exif = "", b""
    while at + 4 <= end:
        if stream[at] != 0xFF:
            return None
        marker = stream[at + 1]
        if marker == 0xFF or marker in _STANDALONE:  # fill bytes may stand before a marker
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(stream[at + 2 : at + 4], "big")
        body = stream[at + 4 : at + 2 + length]
        if marker in _FRAMES:
            if len(body) < 6:
                return None
            bits, height, width, samples = struct.unpack_from(">BHHB", body)
            kind = _FRAMES[marker]
            scans = max(stream.count(_SCAN, at), 1)
            near = 0
            if kind == "JPEG-LS" and (scan := stream.find(_SCAN, at)) > 0:
                near = int.from_bytes(stream[scan + 5 + 2 * samples :][:1], "big")
            lossy = kind == "JPEG" or near > 0
            return Codestream(
                kind, height, width, samples, bits, False, scans, 1, lossy, marked, exif
            )
        if marker == 0xE0 and body.startswith(b"JFIF"):
            marked = marked or "JFIF"
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            marked = f"Adobe{body[11]}"
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exif = exif or body
        elif marker in (0xDA, 0xD9):
            return None
        at += 2 + max(length, 2)
    return None


def _jpeg_2000(stream: bytes, at: int) -> Codestream | None:
    """From the SIZ marker segment, T.800 A.5.1."""
    if len(stream) < at + 43:
        return None
    (right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, samples) = (
        struct.unpack_from(">8IH", stream, at + 8)
    )
    precision, step_x, step_y = stream[at + 42 : at + 45] if len(stream) >= at + 45 else (0, 0, 0)
    sides = (right - left, bottom - top, tile_width, tile_height, samples, step_x, step_y)
    if min(sides) <= 0:
        return None
    across = -(-(right - tile_left) // tile_width)
    down = -(-(bottom - tile_top) // tile_height)
    return Codestream(
        "JPEG 2000",
        -(-bottom // step_y) - -(-top // step_y),
        -(-right // step_x) - -(-left // step_x),
        samples,
        (precision & 0x7F) + 1,
        bool(precision & 0x80),
        tiles=max(across, 1) * max(down, 1),
    )


def _in_boxes(stream: bytes) -> Codestream | None:
    """The codestream inside the boxes of a JP2 file, T.800 I.4."""
    at = 0
    for _ in range(MAX_BOXES):
        if at + 16 > len(stream):
            return None
        length, kind = struct.unpack_from(">I4s", stream, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", stream, at + 8)
            head = 16
        if kind == b"jp2c":
            start = at + head
            is_stream = stream[start : start + 4] == b"\xff\x4f\xff\x51"
            return _jpeg_2000(stream, start) if is_stream else None
        if length < head:
            return None
        at += length
    return None
