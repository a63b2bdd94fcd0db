"""Lookup tables of the grey scale (PS3.3 C.11.1.1.1 and C.11.2.1.1), from their bytes.

Writers give the table's data every value representation and both byte orders; the bytes alone
tell. Entries are unsigned whatever their value representation says.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.errors import UnreadableFile
from mmbm.io.attributes import explanation, raw, sequence
from mmbm.text import sentence

__all__ = ["Table", "find_table", "first_mapped", "look_up"]

Floats = NDArray[np.float64]


class Table(NamedTuple):
    """A lookup table; the first value that it maps may be meant signed."""

    first: int  # 0 to 65535
    entries: Floats
    name: str


def find_table(attributes: Any, keyword: str) -> Table | None:
    """The first table of a sequence; an item without any table is none.

    Raises: UnreadableFile for a table that is malformed.
    """
    for item in sequence(attributes, keyword):
        descriptor, data = raw(item, "LUTDescriptor"), raw(item, "LUTData")
        if not data.content and not descriptor.content:
            continue
        if len(descriptor.content) < 6 or not data.content:
            raise UnreadableFile(sentence("io.dicom.empty_table"))
        length, first, bits = struct.unpack_from(
            "<3H" if descriptor.little_endian else ">3H", descriptor.content
        )
        if len(data.content) > 2**18:
            raise UnreadableFile(sentence("io.dicom.long_table"))
        entries = _entries(data.content, data.little_endian, length or 2**16, bits, data.vr)
        return Table(first, entries, explanation(item, "LUTExplanation"))
    return None


def look_up(values: Floats, table: Table) -> Floats:
    """The entry of each value; those beyond either end have the entry at that end."""
    index = np.rint(values) - first_mapped(values, table)
    found: Floats = table.entries[np.clip(index, 0, len(table.entries) - 1).astype(np.intp)]
    return found


def first_mapped(values: Floats, table: Table) -> int:
    """The first value that a table maps: signed where it then covers more of the values' range.

    The standard makes it signed with signed pixels and after a rescale to negative values; what
    representation it was written with tells nothing.
    """
    if table.first < 2**15:
        return table.first
    low, high = float(values.min()), float(values.max())

    def covered(first: int) -> float:
        return min(high, first + len(table.entries)) - max(low, first)

    return (
        table.first - 2**16 if covered(table.first - 2**16) > covered(table.first) else table.first
    )


def _entries(content: bytes, little_endian: bool, length: int, bits: int, vr: str) -> Floats:
    """The entries as words, or as bytes where only these fit the descriptor."""
    even = content[: len(content) // 2 * 2]
    words = np.frombuffer(even, "<u2" if little_endian else ">u2")
    in_words = vr != "OB" and not little_endian  # two bytes to a word, the first in its low half
    octets = np.frombuffer(words.astype("<u2").tobytes() if in_words else content, np.uint8)
    fits_bytes = length <= len(octets) <= length + 1
    as_bytes = len(content) < 2 * length and (fits_bytes or bits <= 8)
    if as_bytes and bits > 8 and len(words):  # half of a table of words, or all of one of bytes
        as_bytes = _roughness(octets) < _roughness(words)
    table = octets if as_bytes else words
    return table[:length].astype(np.float64)


def _roughness(table: NDArray[Any]) -> float:
    """The steps of a table over its range: a table read by the wrong width is a sawtooth."""
    levels = table.astype(np.float64)
    return float(np.abs(np.diff(levels)).sum() / max(np.ptp(levels), 1.0))
