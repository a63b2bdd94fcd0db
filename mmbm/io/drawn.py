"""PNG and JPEG files to their stored values, all grey levels kept, upright by their Exif."""

from __future__ import annotations

import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import decoders
from mmbm.io.codestream import Codestream, inspect
from mmbm.io.described import too_many_pixels
from mmbm.text import Sentence, sentence

__all__ = ["Drawn", "decode_jpeg", "decode_png"]

_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # what pixels hang on
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG colour type
_SPARE = 2**14  # bytes of compressed pixels beyond what the size needs
MAX_CHUNKS = 100_000


class Drawn(NamedTuple):
    """A picture as stored, without a window."""

    stored: NDArray[Any]  # (height, width), or (height, width, 3) RGB; unsigned
    bits: int  # of a sample
    cautions: tuple[Sentence, ...] = ()


def _damaged(kind: str) -> UnreadableFile:
    return UnreadableFile(sentence("io.image.damaged", kind=decoders.named(kind)))


def decode_png(content: bytes, limits: Limits) -> Drawn:
    """A PNG of any colour type and depth; what is see-through lies on black.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    import imagecodecs

    pixels, depth, exif = _png_parts(content, limits)
    try:
        stored: NDArray[Any] = imagecodecs.png_decode(pixels)
    except MemoryError:
        raise
    except Exception as exc:
        raise _damaged("PNG") from exc
    stored = _without_alpha(stored)
    return Drawn(_upright(_grey_if_even(stored), exif), 16 if depth == 16 else 8)


def _png_parts(content: bytes, limits: Limits) -> tuple[bytes, int, bytes]:
    """The chunks that the pixels hang on, the bit depth, and the Exif block.

    Text, profiles and times are left out: they may be larger than any decoder takes.
    """
    kept, exif, at = [content[:8]], b"", 8
    depth = needed = n_data = chunks = 0
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        chunks += 1
        if chunks > MAX_CHUNKS:
            raise TooLarge(sentence("io.image.chunks", limit=MAX_CHUNKS))
        if end > len(content):
            raise UnreadableFile(sentence("io.image.cut_short", kind=decoders.named("PNG")))
        if kind in _KEPT:
            (check,) = struct.unpack_from(">I", content, end - 4)
            if zlib.crc32(content[at + 4 : end - 4]) != check:
                raise _damaged("PNG")
            kept.append(content[at:end])
        if kind == b"IHDR" and length == 13:
            depth, needed = _check_png_size(content[at + 8 : end - 4], limits)
        elif kind == b"IDAT":
            n_data += length
        elif kind == b"eXIf":
            exif = b"Exif\0\0" + content[at + 8 : end - 4]
        elif kind == b"acTL" and int.from_bytes(content[at + 8 : at + 12], "big") > 1:
            raise UnsupportedFile(sentence("io.image.animated"))
        elif kind == b"IEND":
            break
        at = end
    if not depth or not n_data:
        raise UnreadableFile(sentence("io.image.cut_short", kind=decoders.named("PNG")))
    if n_data > needed * 5 // 4 + _SPARE:  # deflate may lengthen noise by an eighth
        raise TooLarge(sentence("io.image.too_much_data", bytes=n_data))
    return b"".join(kept), depth, exif


def _check_png_size(header: bytes, limits: Limits) -> tuple[int, int]:
    """The bit depth, and how many bytes the pixels have at the most."""
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    if width * height > limits.pixels:
        raise TooLarge(too_many_pixels(width, height, limits))
    if colour not in _CHANNELS or depth not in (1, 2, 4, 8, 16):
        raise _damaged("PNG")
    return depth, height * (2 + _CHANNELS[colour] * width * depth // 8) + 16 * height


def _without_alpha(stored: NDArray[Any]) -> NDArray[Any]:
    """The last of 2 or 4 channels is how opaque a pixel is; black lies behind."""
    if stored.ndim == 2 or stored.shape[2] == 3:
        return stored
    colours, alpha = stored[..., :-1], stored[..., -1:]
    top = np.iinfo(stored.dtype).max
    if alpha.min() < top:
        product = colours.astype(np.uint64) * alpha + top // 2
        colours = (product // top).astype(stored.dtype)
    return colours[..., 0] if colours.shape[2] == 1 else colours


def _grey_if_even(stored: NDArray[Any]) -> NDArray[Any]:
    """One channel where all three are equal."""
    if stored.ndim == 3 and (stored == stored[..., :1]).all():
        return stored[..., 0]
    return stored


def decode_jpeg(content: bytes, limits: Limits) -> Drawn:
    """A JPEG of any process, or a JPEG-LS.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    found = inspect(content)
    if found is None:
        raise _damaged("JPEG")
    decoders.check(found, len(content), limits)
    if found.kind == "JPEG" and found.bits == 8:
        stored = _by_pillow(content, found, limits)
    else:
        stored = decoders.decode_stream(content, limits).stored
        if stored.ndim == 3 and stored.shape[2] == 4:
            raise UnsupportedFile(sentence("io.image.four_colours"))
    bits = max(found.bits, 8)
    return Drawn(_upright(_grey_if_even(stored), found.orientation), bits)


def _by_pillow(content: bytes, found: Codestream, limits: Limits) -> NDArray[np.uint8]:
    """Pillow knows a JPEG's colours (CMYK, YCCK, Adobe's inverted ones) and what is cut off."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            grey = image.mode in ("1", "L")
            return np.asarray(image.convert("L" if grey else "RGB"))
    except MemoryError:
        raise
    except Image.DecompressionBombError as exc:
        raise TooLarge(too_many_pixels(found.width, found.height, limits)) from exc
    except Exception as exc:
        raise _damaged("JPEG") from exc


def _upright(stored: NDArray[Any], exif: bytes) -> NDArray[Any]:
    """Turned as the Exif orientation says (CIPA DC-008, tag 274)."""
    orientation = _orientation(exif)
    if orientation > 4:
        stored = stored.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        stored = stored[:, ::-1]
    if orientation in (3, 4, 7, 8):
        stored = stored[::-1]
    return np.ascontiguousarray(stored)


def _orientation(exif: bytes) -> int:
    from PIL import Image

    if not exif:
        return 1
    tags = Image.Exif()
    try:
        tags.load(exif)
        orientation = tags.get(274, 1)
    except Exception:  # noqa: BLE001  a malformed block says nothing
        return 1
    return orientation if orientation in range(1, 9) else 1
