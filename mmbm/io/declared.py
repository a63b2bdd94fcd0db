"""What a sound file says of itself that decoders keep quiet about: its size, its further parts."""

from __future__ import annotations

import re

__all__ = ["chains_differ", "is_cut", "is_streamed"]

_STREAMED = 0x7F00_0000  # a size from here on, or 0, stands for "not known": written to a pipe


def is_cut(content: bytes) -> bool:
    """Whether the file is shorter than its header says."""
    declared = _declared(content)
    return declared is not None and declared > len(content) + 1  # writers differ by a byte


def is_streamed(content: bytes) -> bool:
    """Whether a WAV's header leaves its length open."""
    if content[:4] not in (b"RIFF", b"RIFX"):
        return False
    order = "big" if content[:4] == b"RIFX" else "little"
    at = content.find(b"data", 12, 2**16)
    places = [4] if at < 0 else [4, at + 4]
    sizes = [_number(content[place : place + 4], order) for place in places]
    return any(size == 0 or size >= _STREAMED for size in sizes)


def chains_differ(content: bytes) -> bool:
    """Whether an Ogg file holds recordings of several kinds, of which only the first is read."""
    begin = rb"OggS\x00[\x02\x06].{20,40}?"
    starts = (begin + rb"\x01vorbis.{4}(.{5})", begin + rb"OpusHead.(.)")
    return any(len(set(re.findall(start, content, re.DOTALL))) > 1 for start in starts)


def _declared(content: bytes) -> int | None:
    """The file's size by its header; None where the header leaves it open."""
    start = content[:4]
    if start in (b"RIFF", b"RIFX", b"FORM"):
        size = _number(content[4:8], "little" if start == b"RIFF" else "big")
        return None if size == 0 or size >= _STREAMED else 8 + size
    if start == b".snd":
        size = _number(content[8:12], "big")
        return None if size >= _STREAMED else _number(content[4:8], "big") + size
    if start == b"riff":  # Sony's 64 bits
        return _number(content[16:24], "little")
    if start == b"caff":
        at = 8
        while at + 12 <= len(content):
            size = _number(content[at + 4 : at + 12], "big")
            if size >= 2**63:  # -1: up to the end
                return None
            at += 12 + size
        return at
    return None


def _number(code: bytes, order: str) -> int:
    return int.from_bytes(code, "big" if order == "big" else "little")
