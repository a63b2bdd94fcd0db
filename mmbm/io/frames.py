"""One frame of encapsulated pixel data (PS3.5 A.4), whatever the offset table says.

A frame may lie in one fragment or several. Writers disagree on the basic offset table: it may be
empty, hold an entry a fragment, or nonsense; so it counts only where it fits, and otherwise the
fragments themselves tell.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.text import sentence

__all__ = ["Frame", "begins_with_item", "encapsulated_frame", "is_rle"]

MAX_FRAGMENTS = 100_000
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")  # of JPEG, JPEG 2000, JP2
_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"

Span = tuple[int, int]  # first byte, and the one past the last


class Frame(NamedTuple):
    """The bytes of one compressed frame, and how many frames the file holds."""

    content: bytes
    frames: int
    complete: bool  # no fragment reaches past the end of the file


def begins_with_item(content: memoryview) -> bool:
    """Whether pixel data start as encapsulated ones do."""
    return bytes(content[:4]) == _ITEM


def encapsulated_frame(content: memoryview, frame: int, frames: int, offsets: bytes = b"") -> Frame:
    """The bytes of frame ``frame`` of ``frames``; ``offsets`` is the extended offset table.

    Raises: UnreadableFile, UnsupportedFile, TooLarge.
    """
    table, fragments, complete = _fragments(content)
    if not fragments:
        raise UnreadableFile(sentence("io.dicom.empty_image"))
    if frames == 1:
        parts, frames = fragments, 1
    else:
        groups = _groups(content, table, fragments, frames, offsets)
        frames = len(groups)
        if frame >= frames:
            raise UnsupportedFile(
                sentence("io.dicom.no_such_frame", frame=frame + 1, frames=frames)
            )
        parts = groups[frame]
    return Frame(b"".join(content[a:b] for a, b in parts), frames, complete)


def _fragments(content: memoryview) -> tuple[bytes, list[Span], bool]:
    """The basic offset table, all fragments, and whether all of them are complete."""
    spans: list[Span] = []
    at, end, complete = 0, len(content), True
    while at + 8 <= end and bytes(content[at : at + 4]) == _ITEM:
        (length,) = struct.unpack_from("<I", content, at + 4)
        stop = at + 8 + length
        if stop > end:
            complete, stop = False, end
        spans.append((at + 8, stop))
        at = stop
        if len(spans) > MAX_FRAGMENTS:
            raise TooLarge(sentence("io.dicom.fragments", limit=MAX_FRAGMENTS))
    if not spans:
        return b"", [], complete
    (a, b), *rest = spans
    if not _is_table(content, a, b):  # the offset table was left out
        return b"", [span for span in spans if span[0] < span[1]], complete
    return bytes(content[a:b]), [span for span in rest if span[0] < span[1]], complete


def _is_table(content: memoryview, a: int, b: int) -> bool:
    head = bytes(content[a : min(b, a + 65)])
    return not (head.startswith(_STARTS) or is_rle(head))


def is_rle(content: bytes) -> bool:
    """Whether bytes begin as an RLE header does: up to 15 segments, the first at byte 64."""
    return len(content) > 64 and 0 < content[0] <= 15 and content[1:8] == b"\0\0\0\x40\0\0\0"


def _groups(
    content: memoryview, table: bytes, fragments: list[Span], frames: int, extended: bytes
) -> list[list[Span]]:
    """The fragments of each frame, by the first of these that fits."""
    begins = [a - 8 for a, _ in fragments]
    offsets = [
        [n for (n,) in struct.iter_unpack("<Q", extended[: len(extended) // 8 * 8])],
        [n for (n,) in struct.iter_unpack("<I", table[: len(table) // 4 * 4])],
    ]
    for starts in offsets:
        found = [n + begins[0] for n in starts]
        if len(found) == frames and found[0] == begins[0] and set(found) <= set(begins):
            edges = [begins.index(n) for n in sorted(set(found))]
            if len(edges) == frames:
                return _cut(fragments, edges)
    if len(fragments) == frames:
        return [[span] for span in fragments]
    heads = [
        i for i, (a, _) in enumerate(fragments) if bytes(content[a : a + 12]).startswith(_STARTS)
    ]
    if heads and heads[0] == 0:
        return _cut(fragments, heads)
    raise UnreadableFile(
        sentence("io.dicom.frame_fragments", frames=frames, fragments=len(fragments))
    )


def _cut(fragments: list[Span], edges: list[int]) -> list[list[Span]]:
    ends = [*edges[1:], len(fragments)]
    return [fragments[a:b] for a, b in zip(edges, ends, strict=True)]
