"""The elements of a DICOM file, found without trusting any length in it (PS3.5 section 7, PS3.10).

The header is walked once, flat and counted; only the elements that are read here are handed to
pydicom. So a header of millions of elements, a sequence whose items have wrong lengths, or an
icon that is damaged costs nothing and spoils nothing, and the pixels are found where they lie.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile
from mmbm.io.inflate import inflate
from mmbm.io.wanted import sequence_tags, wanted_tags
from mmbm.text import sentence

__all__ = ["File", "Pixels", "looks_like_dicom", "parse"]

MAX_ELEMENTS = 50_000  # of a whole header; 512 frames described one by one have about 30,000
MAX_LOST = 8  # elements of a wrong length that are passed over
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
# How SamplesPerPixel, Rows and the pixels begin: what a walk that was lost is taken up at.
_MARKS = (
    b"\x28\0\x02\0US\x02\0",
    b"\x28\0\x10\0US\x02\0",
    b"\xe0\x7f\x10\0OW\0\0",
    b"\xe0\x7f\x10\0OB\0\0",
)
_IMPLICIT_MARKS = (b"\x28\0\x02\0\x02\0\0\0", b"\x28\0\x10\0\x02\0\0\0")
_EXTENDED_OFFSETS = 0x7FE00001
_SYNTAX, _STORED_CLASS = 0x00020010, 0x00020002
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_GE_BIG_PIXELS = "1.2.840.113619.5.2"  # little-endian header, big-endian pixels
_MAX_VALUE, _MAX_SEQUENCE = 2**18, 2**24  # bytes of one wanted element


class Pixels(NamedTuple):
    """Where the picture lies in the file's bytes; ``length`` is None for encapsulated pixels."""

    keyword: str
    vr: bytes
    content: memoryview  # from the first byte of the value to the end of the file
    length: int | None
    big_endian: bool
    offsets: bytes = b""  # the extended offset table, eight bytes a frame


class File(NamedTuple):
    """What of a DICOM file is read."""

    dataset: Any  # pydicom Dataset of the wanted elements
    syntax: str  # UID of the transfer syntax as the file names it; blank where it does not
    storage_class: str
    pixels: Pixels | None
    complete: bool  # the walk ended at the pixels or at the end of the file, not within an element
    damaged: tuple[str, ...]  # keywords of wanted elements that could not be read


class _Element(NamedTuple):
    tag: int
    vr: bytes  # blank where none is written
    start: int
    value: int
    end: int
    undefined: bool


def looks_like_dicom(content: bytes) -> bool:
    """Whether the mark after the 128-byte preamble is there (PS3.10 section 7.1)."""
    return content[128:132] == b"DICM"


def parse(content: bytes, limits: Limits) -> File:
    """Find the wanted elements and the pixels.

    Raises: UnreadableFile for what is no DICOM file; TooLarge for a header of too many elements
    or a file that unpacks to too much.
    """
    at = 132 if looks_like_dicom(content) else 0
    syntax = storage_class = ""
    for element in _Walk(content, at, explicit=True, big_endian=False):
        if element.tag >> 16 != 2:
            break
        at = element.end
        if element.tag in (_SYNTAX, _STORED_CLASS):
            text = content[element.value : min(element.end, element.value + 64)]
            uid = text.decode("ascii", "replace").strip("\0 ")
            syntax, storage_class = (
                (uid, storage_class) if element.tag == _SYNTAX else (syntax, uid)
            )
    if syntax == _DEFLATED and not _begins_a_dataset(content[at : at + 8]):
        content, at = inflate(content[at:], limits), 0
    start = content[at : at + 8].ljust(8, b"\0")
    explicit = start[4:6] in _LONG | _SHORT
    walk = _Walk(content, at, explicit=explicit, big_endian=_is_big(start, syntax))
    found, pixels, seen = _collect(walk, syntax)
    if not looks_like_dicom(content) and at == 0 and not syntax and not seen & wanted_tags():
        raise UnreadableFile(sentence("io.image.unknown"))
    dataset, damaged = _dataset(found, walk)
    return File(dataset, syntax, storage_class, pixels, walk.complete, damaged)


def _collect(walk: _Walk, syntax: str) -> tuple[list[_Element], Pixels | None, set[int]]:
    found: list[_Element] = []
    seen: set[int] = set()
    offsets = b""
    for element in walk:
        seen.add(element.tag)
        if element.tag == _EXTENDED_OFFSETS:
            offsets = bytes(walk.content[element.value : min(element.end, element.value + 2**16)])
        if element.tag in _PIXELS:
            big_endian = walk.big_endian or syntax == _GE_BIG_PIXELS
            return (
                found,
                Pixels(
                    _PIXELS[element.tag],
                    element.vr,
                    memoryview(walk.content)[element.value :],
                    None if element.undefined else walk.declared,
                    big_endian,
                    offsets,
                ),
                seen,
            )
        most = _MAX_SEQUENCE if element.tag in sequence_tags() else _MAX_VALUE
        if element.tag in wanted_tags() and element.end - element.value <= most:
            found.append(element)
    return found, None, seen


def _dataset(found: list[_Element], walk: _Walk) -> tuple[Any, tuple[str, ...]]:
    """The wanted elements as pydicom reads them, and the keywords of those that it cannot."""
    import pydicom
    from pydicom.datadict import keyword_for_tag

    whole = pydicom.Dataset()
    damaged = [keyword_for_tag(tag) for tag in walk.lost]
    whole.set_original_encoding(not walk.explicit, not walk.big_endian)  # of palettes
    for element in found:
        if element.tag in walk.lost:
            continue
        try:
            whole.update(walk.read(element))
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  pydicom raises anything at all for a damaged element
            damaged.append(keyword_for_tag(element.tag))
    return whole, tuple(damaged)


class _Walk:
    """Top-level elements in order. ``complete`` is False where the file ended within one."""

    def __init__(self, content: bytes, at: int, *, explicit: bool, big_endian: bool) -> None:
        self.content = content
        self.explicit, self.big_endian = explicit, big_endian
        self.complete = True
        self.declared = 0  # length of the last element, as it says
        self.lost: list[int] = []  # tags of elements whose length was wrong
        self._marks: dict[bytes, int] = {}  # where each mark was found last
        self._at = at
        self._count = 0
        order = ">" if big_endian else "<"
        self._tag, self._word = struct.Struct(order + "HH"), struct.Struct(order + "I")
        self._half = struct.Struct(order + "H")

    def __iter__(self) -> Iterator[_Element]:
        end = len(self.content)
        while self._at + 8 <= end:
            element = self._header(self._at, self.explicit)
            if element.tag >> 16 == 0xFFFE:  # a stray delimiter
                self._at += 8
                continue
            if element.undefined and element.tag not in _PIXELS:
                element = element._replace(end=self._after_sequence(element))
            self.declared = element.end - element.value
            if element.end > end and element.tag not in _PIXELS:
                again = self._taken_up(element.value)
                self.lost += [element.tag] if again >= 0 else []
                self.complete = again >= 0
                element = element._replace(end=again if again >= 0 else end)
            self._at = element.end
            yield element
        self.complete = self.complete and self._at >= end

    def _taken_up(self, at: int) -> int:
        """Where a walk that a wrong length led astray can go on; -1 if nowhere."""
        marks = _MARKS if self.explicit else _IMPLICIT_MARKS
        if self.big_endian or len(self.lost) == MAX_LOST:
            return -1
        for mark in marks:
            if 0 <= self._marks.get(mark, 0) < at:  # else it lies ahead, or nowhere
                self._marks[mark] = self.content.find(mark, at)
        return min((place for place in self._marks.values() if place >= 0), default=-1)

    def read(self, element: _Element) -> Any:
        """One element as a pydicom Dataset, with all that lies in it."""
        import io

        from pydicom.filereader import read_dataset

        if element.tag in sequence_tags():
            self._count_within(element)
        stream = io.BytesIO(self.content[element.start : element.end])
        return read_dataset(stream, not self.explicit, not self.big_endian)

    def _header(self, at: int, explicit: bool) -> _Element:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TooLarge(sentence("io.dicom.too_many_elements", limit=MAX_ELEMENTS))
        content = self.content
        group, number = self._tag.unpack_from(content, at)
        tag = group << 16 | number
        vr = content[at + 4 : at + 6] if explicit and group != 0xFFFE else b""
        if vr in _LONG and at + 12 <= len(content):
            value, (length,) = at + 12, self._word.unpack_from(content, at + 8)
        elif vr in _SHORT:
            value, (length,) = at + 8, self._half.unpack_from(content, at + 6)
        else:
            vr, value, (length,) = b"", at + 8, self._word.unpack_from(content, at + 4)
        undefined = length == _UNDEFINED
        return _Element(tag, vr, at, value, value if undefined else value + length, undefined)

    def _after_sequence(self, element: _Element) -> int:
        """Where a sequence of undefined length ends; lengths of its items may be wrong."""
        at, end = element.value, len(self.content)
        kinds = [self.explicit and element.vr != b"UN"]  # UN holds implicit elements
        while at + 8 <= end:
            inner = self._header(at, kinds[-1])
            if inner.tag == _ITEM:
                skipped = inner.end
                at = skipped if not inner.undefined and self._is_edge(skipped) else inner.value
            elif inner.tag == _ITEM_END:
                at = inner.value
            elif inner.tag == _SEQUENCE_END:
                at = inner.value
                kinds.pop()
                if not kinds:
                    return at
            elif inner.undefined:
                kinds.append(kinds[-1] and inner.vr != b"UN")
                at = inner.value
            elif inner.end <= end:
                at = inner.end
            else:  # lost: take up again behind the next end of a sequence
                mark = self._tag.pack(0xFFFE, 0xE0DD) + bytes(4)
                at = self.content.find(mark, at)
                if at < 0:
                    break
        self.complete = False
        return end

    def _is_edge(self, at: int) -> bool:
        """Whether an item or the end of a sequence begins here."""
        if at + 8 > len(self.content):
            return False
        group, number = self._tag.unpack_from(self.content, at)
        return group == 0xFFFE and number in (0xE000, 0xE00D, 0xE0DD)

    def _count_within(self, element: _Element) -> None:
        """Raise TooLarge before a sequence with too many elements is read."""
        at = element.value
        explicit = self.explicit and element.vr != b"UN"
        sequences = sequence_tags()
        while at + 8 <= element.end:
            inner = self._header(at, explicit)
            steps_in = inner.tag >> 16 == 0xFFFE or inner.undefined or inner.tag in sequences
            at = inner.value if steps_in else max(inner.end, inner.value)


def _is_big(start: bytes, syntax: str) -> bool:
    """Whether a dataset that starts so is big-endian: its first group is a small number."""
    if (start[0] == 0) != (start[1] == 0):
        return start[0] == 0
    return syntax == _BIG_ENDIAN


def _begins_a_dataset(start: bytes) -> bool:
    """Whether these eight bytes are an element of an early group, explicit or not."""
    return start[:2] in (b"\x08\0", b"\x04\0") and (
        start[4:6] in _LONG | _SHORT or int.from_bytes(start[4:8], "little") < 1024
    )
