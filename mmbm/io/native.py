"""Uncompressed pixels of a DICOM file (PS3.5 8.1.1 and annex D)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.config import Limits
from mmbm.errors import UnreadableFile
from mmbm.io.attributes import number
from mmbm.io.bits import (
    aligned,
    cut_out,
    little_endian,
    looks_signed,
    luminance,
    through_palette,
    word_bytes,
)
from mmbm.io.described import Header, assumed_sense, check_size, completed, without_size
from mmbm.io.elements import File, Pixels
from mmbm.io.values import Stored
from mmbm.text import Sentence, sentence

__all__ = ["read_native", "unpacked"]

_COMPRESSED = ("1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.5")
_FLOATS = {"FloatPixelData": 4, "DoubleFloatPixelData": 8}  # bytes


def read_native(
    file: File, pixels: Pixels, header: Header, limits: Limits, place: tuple[int, int]
) -> Stored:
    """Read frame ``place[0]`` of ``place[1]``.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    frame, frames = place
    says: list[Sentence] = []
    if file.syntax.startswith(_COMPRESSED):
        says.append(sentence("io.dicom.not_compressed"))
    is_float = pixels.keyword in _FLOATS
    if is_float:
        allocated = 8 * _FLOATS[pixels.keyword]
        header = header._replace(allocated=allocated, stored=allocated, samples=1)
    there = len(pixels.content)
    declared = there if pixels.length is None else pixels.length
    header, said = completed(header, declared, frames)
    says += said
    if not (header.rows and header.columns and header.samples and header.allocated):
        raise without_size(header)
    check_size(header, limits)
    halved = header.photometric.endswith("_422") and header.samples == 3  # two colours a pair
    count = header.rows * header.columns * (2 if halved else header.samples)
    n_bits = count * header.allocated
    first, last = n_bits * frame // 8, -(-n_bits * (frame + 1) // 8)
    if last > min(there, declared):
        raise _too_short(-(-n_bits * frames // 8), declared, there)
    content = bytes(pixels.content[first : last + last % 2])
    if pixels.big_endian:
        content = little_endian(content, header.allocated, words=pixels.vr == b"OW")
    content = content[: last - first]
    if is_float:
        kind = np.dtype(f"<f{header.allocated // 8}")
        values = np.frombuffer(content, kind).reshape(header.rows, header.columns)
        return Stored(values, header.allocated, True, False, frames, False, tuple(says))
    content = aligned(content, n_bits * frame % 8, count, header.allocated)
    stored = unpacked(file, header, content, header.samples, frames)
    return stored._replace(cautions=(*says, *stored.cautions))


def _too_short(described: int, declared: int, there: int) -> UnreadableFile:
    if declared > there:
        return UnreadableFile(sentence("io.dicom.cut_short", described=described, there=there))
    return UnreadableFile(
        sentence("io.dicom.too_few_bytes", described=described, declared=declared)
    )


def unpacked(
    file: File,
    header: Header,
    content: bytes,
    samples: int,
    frames: int,
    *,
    interleaved: bool = False,
) -> Stored:
    """Little-endian words to values; ``interleaved`` overrules the planar configuration."""
    if not (header.rows and header.columns and header.allocated):
        raise without_size(header)
    says: list[Sentence] = []
    allocated = header.allocated
    size = word_bytes(allocated)
    words_of = np.frombuffer(content, f"<u{size}")
    stored = header.stored if header.stored and header.stored <= allocated else allocated
    high = header.high if header.high is not None else stored - 1
    shift = high + 1 - stored if stored - 1 < high < allocated else 0
    values, coloured = _shaped(file, header, words_of, samples, interleaved)
    signed = header.signed
    if signed is None:
        signed = looks_signed(values, shift, stored)
        found = "signed" if signed else "unsigned"
        says.append(sentence(f"io.dicom.sign_unstated.{found}"))
    if header.photometric == "PALETTE COLOR":
        looked_up = through_palette(cut_out(values, shift, stored, False), file.dataset)
        return Stored(looked_up, 16, False, True, frames, False, tuple(says))
    if coloured:
        values = luminance(values) if values.ndim == 3 else values
        return Stored(values, stored, False, True, frames, False, tuple(says))
    says += assumed_sense(header, samples)
    return Stored(
        cut_out(values, shift, stored, signed), stored, signed, False, frames, False, tuple(says)
    )


def _shaped(
    file: File, header: Header, words: NDArray[Any], samples: int, interleaved: bool
) -> tuple[NDArray[Any], bool]:
    """(height, width), or (height, width, 3) RGB, and whether it is a colour picture."""
    rows, columns = header.rows or 0, header.columns or 0
    if samples == 1:
        return words[: rows * columns].reshape(rows, columns), False
    if header.photometric.endswith("_422") and not interleaved:  # two Y for each pair of colours
        return words[: 2 * rows * columns].reshape(-1, 4)[:, :2].reshape(rows, columns), True
    planar = number(file.dataset, "PlanarConfiguration") == 1 and not interleaved
    words = words[: rows * columns * samples]
    if planar:
        values = words.reshape(samples, rows, columns).transpose(1, 2, 0)
    else:
        values = words.reshape(rows, columns, samples)
    if header.photometric.startswith("YBR"):  # its first value is the luminance itself
        return values[..., 0], True
    return values[..., :3], True
