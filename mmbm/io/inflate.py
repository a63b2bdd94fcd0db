"""The dataset of a deflated DICOM file (PS3.5 A.5), as far as it may unpack."""

from __future__ import annotations

import zlib

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile
from mmbm.text import sentence

__all__ = ["inflate"]

_FREE, _RATIO = 16 * 2**20, 100  # bytes; times the file's size


def inflate(packed: bytes, limits: Limits) -> bytes:
    """Unpack a dataset, as far as it is not damaged. Raises TooLarge, UnreadableFile."""
    whole = bytearray()
    unpacker = zlib.decompressobj(-15)
    rest = packed
    try:
        while rest and not unpacker.eof:
            whole += unpacker.decompress(rest, 2**20)
            rest = unpacker.unconsumed_tail
            if len(whole) > max(_FREE, _RATIO * len(packed)) or (
                len(whole) > 2 * limits.file_bytes
            ):
                raise TooLarge(
                    sentence(
                        "io.dicom.inflates",
                        unpacked=len(whole) / 2**20,
                        packed=len(packed) / 2**20,
                    )
                )
    except zlib.error as exc:
        if not whole:
            raise UnreadableFile(sentence("io.dicom.deflate_damaged")) from exc
    return bytes(whole)
