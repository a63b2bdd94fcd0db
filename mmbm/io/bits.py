"""Words of stored pixels: byte order, packing, the bits that count, sign, and colour to grey."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.errors import UnreadableFile
from mmbm.text import sentence

__all__ = [
    "aligned",
    "cut_out",
    "little_endian",
    "looks_signed",
    "luminance",
    "through_palette",
    "word_bytes",
]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def little_endian(content: bytes, allocated: int, *, words: bool) -> bytes:
    """Big-endian pixels in little-endian order (PS3.5 7.3); an odd byte at the end stays.

    ``words`` says that values of up to 8 bits lie in words of 16 (value representation OW).
    """
    size = allocated // 8 if allocated in (16, 32, 64) else 2
    if allocated <= 8 and not words:
        return content
    whole = len(content) // size * size
    swapped = np.frombuffer(content[:whole], f">u{size}").astype(f"<u{size}")
    return swapped.tobytes() + content[whole:]


def aligned(content: bytes, first_bit: int, count: int, allocated: int) -> bytes:
    """``count`` values of odd length, packed without gaps, low bits first, to whole bytes each."""
    size = word_bytes(allocated)
    if allocated == 8 * size:
        return content
    if allocated == 12 and first_bit == 0 and count % 2 == 0:  # two values in three bytes
        low, middle, high = np.frombuffer(content, np.uint8)[: 3 * count // 2].reshape(-1, 3).T
        pairs = np.empty((count // 2, 2), "<u2")
        pairs[:, 0] = low | (middle & 15).astype(np.uint16) << 8
        pairs[:, 1] = middle >> 4 | high.astype(np.uint16) << 4
        return pairs.tobytes()
    if allocated == 24:
        words = np.zeros((count, 4), np.uint8)
        words[:, :3] = np.frombuffer(content, np.uint8)[: 3 * count].reshape(count, 3)
        return words.tobytes()
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    wide = np.zeros((count, 8 * size), np.uint8)
    wide[:, :allocated] = bits[first_bit : first_bit + count * allocated].reshape(count, allocated)
    return np.packbits(wide, axis=1, bitorder="little").tobytes()


def word_bytes(allocated: int) -> int:
    """The bytes of the least whole word that holds ``allocated`` bits."""
    return next(size for size in (1, 2, 4, 8) if 8 * size >= allocated)


def cut_out(values: NDArray[Any], shift: int, bits: int, signed: bool) -> NDArray[Any]:
    """``bits`` bits of each value from bit ``shift`` on, with the sign at the uppermost of them."""
    size = values.dtype.itemsize
    words = values.view(np.dtype(f"u{size}").newbyteorder(values.dtype.byteorder))
    if not signed and shift == 0 and bits >= 8 * size:
        return words
    found: NDArray[Any]
    if not signed:
        found = (words >> shift) & np.array(2**bits - 1, words.dtype)
        return found
    up = 8 * size - shift - bits
    moved = (words << up) if up > 0 else words
    found = moved.astype(words.dtype).view(f"i{size}") >> (8 * size - bits)
    return found


def looks_signed(values: NDArray[Any], shift: int, bits: int) -> bool:
    """Whether signed values make the smoother picture: a wrong sign tears it at half its range."""
    steps = []
    for signed in (False, True):
        read = cut_out(values[::2], shift, bits, signed).astype(np.float64)
        steps.append(float(np.abs(np.diff(read, axis=1)).sum()))
    return steps[1] < steps[0]


def luminance(values: NDArray[Any]) -> NDArray[np.float32]:
    """(height, width, 3 or 4) RGB to its luminance, in the units of the values."""
    grey: NDArray[np.float32] = values[..., :3].astype(np.float32) @ _LUMA
    return grey


def through_palette(values: NDArray[Any], dataset: Any) -> NDArray[np.float32]:
    """The luminance, 16 bits, of palette colours. Raises UnreadableFile."""
    from pydicom.pixels.processing import apply_color_lut

    try:
        coloured = apply_color_lut(values, dataset)
    except MemoryError:
        raise
    except Exception as exc:
        raise UnreadableFile(sentence("io.image.palette")) from exc
    top = 65535.0 / float(np.iinfo(coloured.dtype).max)
    return luminance(coloured) * np.float32(top)
