"""Compressed pictures to arrays: JPEG, lossless JPEG, JPEG-LS, JPEG 2000, RLE and deflated frames.

By imagecodecs, which lets go of Python's lock, so that a decoder that hangs can be left behind.
Size, samples, tiles and scans are checked as the codestream itself declares them, and the data
must be enough for that size, before a decoder sees them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import deadline
from mmbm.io.codestream import Codestream, inspect
from mmbm.io.described import too_many_pixels
from mmbm.text import Sentence, sentence

__all__ = ["Decoded", "check", "decode_deflated", "decode_rle", "decode_stream", "named"]

_END, _PADDING = b"\xff\xd9", 1024  # the end mark of all these streams; bytes that may follow it
MAX_SCANS = 100  # of a JPEG; ten are usual
MAX_TILES = 16_384  # of a JPEG 2000
MIN_BITS_PER_PIXEL = 1 / 64  # of anything with something to see in it
SMALL = 2**20  # pixels below which a decoder cannot eat much
RLE_SPARE = 4096  # bytes that a run may reach past the end of a picture
_THREADS = min(os.cpu_count() or 1, 4)  # of JPEG 2000, whose code blocks are independent
SECONDS, PIXELS_PER_SECOND = 0.6, 1e6  # of processor time; a sixth of what JPEG 2000 was seen at


class Decoded(NamedTuple):
    """One decoded picture: (height, width) or (height, width, samples), as stored."""

    stored: NDArray[Any]
    bits: int  # of a sample
    signed: bool
    kind: str
    lossy: bool


def check(stream: Codestream, n_bytes: int, limits: Limits) -> None:
    """Raise TooLarge, UnreadableFile or UnsupportedFile before anything is decoded."""
    kind, height, width = named(stream.kind), stream.height, stream.width
    if height == 0 or width == 0:
        raise UnsupportedFile(sentence("io.image.no_size", kind=kind))
    if height * width > limits.pixels:
        raise TooLarge(too_many_pixels(width, height, limits))
    if stream.kind.startswith(("hierarchical", "arithmetic")):
        raise UnsupportedFile(sentence("io.image.unread_kind", kind=kind))
    if stream.samples not in (1, 3, 4):
        raise UnsupportedFile(sentence("io.image.samples", samples=stream.samples))
    if stream.tiles > MAX_TILES:
        raise TooLarge(sentence("io.image.tiles", kind=kind, tiles=stream.tiles, limit=MAX_TILES))
    if stream.scans > MAX_SCANS:
        raise TooLarge(sentence("io.image.scans", kind=kind, scans=stream.scans, limit=MAX_SCANS))
    if height * width > SMALL and 8 * n_bytes < MIN_BITS_PER_PIXEL * height * width:
        raise UnreadableFile(
            sentence("io.image.too_few_bytes", kind=kind, bytes=n_bytes, width=width, height=height)
        )


def named(kind: str) -> Sentence:
    """A kind of compression by its name."""
    return sentence(f"io.kind.{kind.lower().replace(' ', '_').replace('-', '_')}")


def decode_stream(stream: bytes, limits: Limits, *, plain_rgb: bool = False) -> Decoded:
    """Decode a JPEG of any process, a JPEG-LS or a JPEG 2000 picture.

    ``plain_rgb`` says that three components are red, green and blue where a JPEG does not say.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    import imagecodecs

    found = inspect(stream)
    if found is None:
        raise UnreadableFile(sentence("io.image.not_a_codestream"))
    check(found, len(stream), limits)
    ended = _END in stream[-_PADDING:]
    # CharLS counts for seconds, up to 2**31, where a stream stops without its end mark
    content = stream if ended else (stream[:-1] if stream[-1:] == b"\0" else stream) + _END
    if found.kind == "JPEG 2000":
        work = partial(imagecodecs.jpeg2k_decode, content, numthreads=_THREADS)
    elif found.kind == "JPEG-LS":
        work = partial(imagecodecs.jpegls_decode, content)
    else:
        colour = _colour(found, plain_rgb)
        work = partial(imagecodecs.jpeg8_decode, _whole_scan(content), **colour)
    stored = _timed(found, work, ended)
    if not ended and found.kind.endswith("JPEG") and np.ptp(stored[-8:]) == 0:
        raise _cut_short(found)  # libjpeg fills up what is missing
    return Decoded(stored, found.bits, found.signed, found.kind, found.lossy)


def _cut_short(found: Codestream) -> UnreadableFile:
    return UnreadableFile(sentence("io.image.cut_short", kind=named(found.kind)))


def _timed(found: Codestream, work: Callable[[], Any], ended: bool) -> NDArray[Any]:
    seconds = SECONDS + found.height * found.width * found.samples / PIXELS_PER_SECOND
    kind = named(found.kind)
    try:
        stored: NDArray[Any] = deadline.within(seconds, work)
    except MemoryError:
        raise
    except deadline.OutOfTime as exc:
        slow = sentence(
            "io.image.slow", kind=kind, width=found.width, height=found.height, seconds=seconds
        )
        raise UnreadableFile(slow) from exc
    except Exception as exc:
        if not ended:
            raise _cut_short(found) from exc
        raise UnreadableFile(sentence("io.image.damaged", kind=kind)) from exc
    if stored.shape[:2] != (found.height, found.width):
        raise UnreadableFile(sentence("io.image.layout", kind=kind))
    return stored


def _colour(found: Codestream, plain_rgb: bool) -> dict[str, Any]:
    """What libjpeg is told of three components: RGB where only the DICOM header says so."""
    if found.samples == 3 and plain_rgb and not found.marked:
        return {"colorspace": "RGB", "outcolorspace": "RGB"}
    return {}


def _whole_scan(stream: bytes) -> bytes:
    """Some writers of sequential JPEG leave the end of spectral selection at 0; it must be 63.

    Source: T.81, table B.3. A strict decoder refuses such a scan; its data are fine.
    """
    at = stream.find(b"\xff\xda")
    frame = inspect(stream)
    if frame is None or frame.kind != "JPEG" or frame.scans > 1 or at < 0:
        return stream
    selection = at + 5 + 2 * stream[at + 4] if at + 4 < len(stream) else len(stream)
    if stream[selection : selection + 2] != b"\0\0":
        return stream
    return stream[: selection + 1] + b"\x3f" + stream[selection + 2 :]


def decode_rle(content: bytes, n_pixels: int, n_planes: int) -> NDArray[np.uint8]:
    """An RLE frame (PS3.5 annex G) to (n_planes, n_pixels), of each sample the high byte first.

    Raises: UnreadableFile.
    """
    import imagecodecs

    n_segments = int.from_bytes(content[:4], "little")
    if n_segments != n_planes or len(content) < 64:
        raise UnreadableFile(
            sentence("io.image.rle_segments", segments=n_segments, planes=n_planes)
        )
    starts = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "little") for i in range(n_segments)]
    planes = np.empty((n_segments, n_pixels), np.uint8)
    for plane, start, stop in zip(planes, starts, [*starts[1:], len(content)], strict=True):
        try:
            found = imagecodecs.packbits_decode(content[start:stop], out=n_pixels + RLE_SPARE)[
                :n_pixels
            ]
        except MemoryError:
            raise
        except Exception as exc:
            raise UnreadableFile(sentence("io.image.damaged", kind=named("RLE"))) from exc
        if len(found) < n_pixels:
            raise UnreadableFile(sentence("io.image.rle_short", found=len(found), pixels=n_pixels))
        plane[:] = np.frombuffer(found, np.uint8)
    return planes


def decode_deflated(content: bytes, n_bytes: int) -> bytes:
    """A frame of a deflated image (PS3.5 A.4.13), ``n_bytes`` long. Raises UnreadableFile."""
    for bits in (-15, 15):
        try:
            found = zlib.decompressobj(bits).decompress(content, n_bytes)
        except zlib.error:
            continue
        if len(found) == n_bytes:
            return found
    raise UnreadableFile(sentence("io.image.deflated"))
