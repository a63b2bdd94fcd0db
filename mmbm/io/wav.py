"""A WAV whose integers fill only a part of their bytes, as 24 bits in 32.

Decoders guess differently what that means, down to reading floats. The standard does not: the
integers are left-aligned, so that they may be read in their full width. Source: Microsoft,
WAVEFORMATEXTENSIBLE, ``wValidBitsPerSample``.
"""

from __future__ import annotations

import struct

from mmbm.io.recording import check_shape

__all__ = ["in_full_width"]

_PCM, _EXTENSIBLE = 1, 0xFFFE
_PCM_GUID = b"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"


def in_full_width(content: bytes) -> bytes:
    """The same file, its header naming the full width; others are handed back as they are.

    Raises: UnsupportedFile for a rate or a number of channels that no recorder has.
    """
    at = content.find(b"fmt ", 12, 4096)
    if content[:4] not in (b"RIFF", b"RF64") or at < 0 or len(content) < at + 48:
        return content
    tag, channels, rate, speed, block, bits = struct.unpack_from("<HHIIHH", content, at + 8)
    if channels and rate:  # or the decoders say that the header is damaged
        check_shape(rate, channels)
    valid = bits
    if tag == _EXTENSIBLE:
        if content[at + 32 : at + 48] != _PCM_GUID:
            return content
        valid = struct.unpack_from("<H", content, at + 26)[0]
    width = 8 * (block // channels) if channels else 0
    if tag not in (_PCM, _EXTENSIBLE) or not 0 < valid < width or width not in (16, 24, 32):
        return content
    header = struct.pack("<HHIIHH", _PCM, channels, rate, speed, block, width)
    return content[: at + 8] + header + content[at + 24 :]
