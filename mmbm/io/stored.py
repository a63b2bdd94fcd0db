"""The stored values of one frame of a DICOM file (PS3.3 C.7.6.3, PS3.5 8.1 and annex D).

Only the frame asked for is decoded. The header and the pixels often disagree, or the header is
silent; then the only reading that fits counts, and a sentence says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import decoders
from mmbm.io.attributes import number
from mmbm.io.bits import aligned, cut_out, luminance, through_palette
from mmbm.io.codestream import inspect
from mmbm.io.described import Header, assumed_sense, check_size, pixel_header, without_size
from mmbm.io.elements import File, Pixels
from mmbm.io.frames import Frame, begins_with_item, encapsulated_frame, is_rle
from mmbm.io.native import read_native, unpacked
from mmbm.io.values import Stored
from mmbm.text import Sentence, sentence

__all__ = ["read_stored"]

_HEAD = 2**16  # bytes in which a bare codestream gives its size
_RLE, _DEFLATED_FRAME = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1"
_COMPRESSED = "1.2.840.10008.1.2.4."
_NAMED = {  # what a transfer syntax's UID begins with, and the kinds of picture it may hold
    "1.2.840.10008.1.2.4.8": ("JPEG-LS",),
    "1.2.840.10008.1.2.4.9": ("JPEG 2000",),
    "1.2.840.10008.1.2.4.20": ("JPEG 2000",),
    "1.2.840.10008.1.2.4.": ("JPEG", "lossless JPEG"),
    _RLE: ("RLE",),
}
_VIDEO = tuple(f"1.2.840.10008.1.2.4.10{n}" for n in range(9))
_JPEG_XL = tuple(f"1.2.840.10008.1.2.4.11{n}" for n in range(3))


def read_stored(file: File, pixels: Pixels, limits: Limits, frame: int) -> Stored:
    """Decode one frame.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    header = pixel_header(file.dataset)
    frames = _check_frames(file.dataset, limits, frame)
    check_size(header, limits)
    if file.syntax in _VIDEO:
        raise UnsupportedFile(sentence("io.dicom.video"))
    if file.syntax in _JPEG_XL:
        raise UnsupportedFile(sentence("io.image.unread_kind", kind=decoders.named("JPEG XL")))
    compressed = pixels.length is None or file.syntax.startswith((_COMPRESSED, _RLE))
    if begins_with_item(pixels.content) and (compressed or not _fits(header, pixels)):
        found = encapsulated_frame(pixels.content, frame, frames, pixels.offsets)
        return _compressed(file, header, found, limits)
    if inspect(bytes(pixels.content[:_HEAD])) and (compressed or not _fits(header, pixels)):
        bare = Frame(bytes(pixels.content[: pixels.length]), 1, True)
        return _compressed(file, header, bare, limits)
    return read_native(file, pixels, header, limits, (frame, frames))


def _fits(header: Header, pixels: Pixels) -> bool:
    """Whether the pixels are as many bytes as uncompressed ones would be."""
    n_bits = (header.rows or 0) * (header.columns or 0) * (header.allocated or 0)
    return 8 * (pixels.length or 0) >= n_bits * (header.samples or 1) > 0


def _check_frames(dataset: Any, limits: Limits, frame: int) -> int:
    frames = max(int(number(dataset, "NumberOfFrames") or 1), 1)
    if frames > limits.frames:
        raise TooLarge(sentence("io.dicom.frames", frames=frames, limit=limits.frames))
    if not 0 <= frame < frames:
        raise UnsupportedFile(sentence("io.dicom.no_such_frame", frame=frame + 1, frames=frames))
    return frames


def _compressed(file: File, header: Header, found: Frame, limits: Limits) -> Stored:
    if inspect(found.content) is None and (
        file.syntax in (_RLE, _DEFLATED_FRAME) or is_rle(found.content)
    ):
        return _by_pieces(file, header, found)
    plain_rgb = header.photometric == "RGB"
    decoded = decoders.decode_stream(found.content, limits, plain_rgb=plain_rgb)
    says = _about_stream(file, header, decoded)
    signed = decoded.signed if header.signed is None else header.signed
    values, bits = _counted(decoded, header, signed)
    coloured = values.ndim == 3
    if coloured:
        values = luminance(values)
    elif header.photometric == "PALETTE COLOR":
        values, coloured, bits = through_palette(values, file.dataset), True, 16
    return Stored(values, bits, signed, coloured, found.frames, decoded.lossy, says)


def _counted(decoded: decoders.Decoded, header: Header, signed: bool) -> tuple[NDArray[Any], int]:
    """The bits that count of each decoded value, and how many these are.

    They are not masked: what a lossy decoder gives may lie a little past the top, and there it
    stays.
    """
    values, bits, stored = decoded.stored, decoded.bits, header.stored or decoded.bits
    if stored >= bits:
        return values if signed == decoded.signed else cut_out(values, 0, bits, signed), bits
    high = stored - 1 if header.high is None else header.high
    if stored - 1 < high < bits:  # left-aligned
        return cut_out(values, high + 1 - stored, stored, signed), stored
    if not signed:
        unsigned = cut_out(values, 0, bits, False) if decoded.signed else values
        if decoded.lossy:
            unsigned = np.minimum(unsigned, unsigned.dtype.type(2**stored - 1))
        return unsigned, stored
    if decoded.signed:
        return values, stored
    is_short = int(values.max()) < 2**stored  # the sign was not drawn out to the uppermost bit
    return cut_out(values, 0, stored if is_short else bits, True), stored


def _about_stream(file: File, header: Header, decoded: decoders.Decoded) -> tuple[Sentence, ...]:
    says = []
    height, width = decoded.stored.shape[:2]
    samples = decoded.stored.shape[2] if decoded.stored.ndim == 3 else 1
    if header.rows and header.columns and (header.rows, header.columns) != (height, width):
        says.append(
            sentence(
                "io.dicom.other_size",
                columns=header.columns,
                rows=header.rows,
                width=width,
                height=height,
            )
        )
    says += _about_kind(file.syntax, decoded.kind)
    says += assumed_sense(header, samples)
    return tuple(says)


def _about_kind(syntax: str, kind: str) -> list[Sentence]:
    """A sentence where the header names another compression than the picture has."""
    named = next((kinds for start, kinds in _NAMED.items() if syntax.startswith(start)), ())
    if kind in named:
        return []
    if named:
        return [sentence("io.dicom.other_compression", kind=decoders.named(kind))]
    return [sentence("io.dicom.compression_unstated", kind=decoders.named(kind))]


def _by_pieces(file: File, header: Header, found: Frame) -> Stored:
    """RLE and deflated frames, whose size and depth only the header gives."""
    by_runs = file.syntax != _DEFLATED_FRAME
    segments = found.content[0] if by_runs else 0
    samples = header.samples or (3 if segments in (3, 6) else 1)
    allocated = header.allocated or 8 * segments // samples
    if not header.rows or not header.columns or not allocated:
        raise without_size(header)
    width, height = header.columns, header.rows
    n_pixels = height * width
    header = header._replace(allocated=allocated)
    if by_runs:
        n_bytes = allocated // 8
        if allocated % 8:
            raise UnsupportedFile(sentence("io.dicom.rle_bits", bits=allocated))
        if n_pixels > decoders.SMALL and 64 * len(found.content) < n_pixels * samples:
            raise UnreadableFile(
                sentence(
                    "io.image.too_few_bytes",
                    kind=decoders.named("RLE"),
                    bytes=len(found.content),
                    width=width,
                    height=height,
                )
            )
        planes = decoders.decode_rle(found.content, n_pixels, samples * n_bytes)
        ordered = planes.reshape(samples, n_bytes, n_pixels)[:, ::-1]  # low byte first
        content = np.ascontiguousarray(ordered.transpose(2, 0, 1)).tobytes()
    else:
        count = n_pixels * samples
        content = decoders.decode_deflated(found.content, -(-count * allocated // 8))
        content = aligned(content, 0, count, allocated)
    stored = unpacked(file, header, content, samples, found.frames, interleaved=True)
    if by_runs:
        says = _about_kind(file.syntax, "RLE")
        stored = stored._replace(cautions=(*says, *stored.cautions))
    return stored
