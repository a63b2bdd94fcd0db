"""Small valid files, and damage done to them by a seed: what a disc, a network or a foe may do.

``MUTANTS`` names each kind of file with its reader's task and its originals; :func:`mutant` gives
the n-th damaged file of a kind, the same on every machine.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
from pydicom.uid import DeflatedExplicitVRLittleEndian

from mmbm.config import Limits
from mmbm.errors import MMBMError
from mmbm.io.sandbox import Pool
from tests.attacks import originals_of_notes
from tests.made_files import dicom, jpeg, picture
from tests.made_pictures import (
    BIG,
    CODECS,
    IMPLICIT,
    compressed,
    element,
    encapsulated,
    film,
    items,
    native,
    pieces,
    png,
    sequence,
    spliced,
    with_syntax,
    words,
)

SMALL = film(48, 40)


class Kind(NamedTuple):
    """A kind of file: the decoder that reads it, and how its originals are made."""

    task: str
    originals: Callable[[], dict[str, bytes]]
    packed: Callable[[bytes], bytes] = bytes  # done to a file after it is damaged


def _dicoms() -> dict[str, bytes]:
    sized = {"Rows": 48, "Columns": 40}
    base = native(words(SMALL), WindowCenter=2048, WindowWidth=4096, **sized)
    table = element(0x00283002, "US", struct.pack("<3H", 256, 0, 16))
    table += element(0x00283006, "OW", np.arange(256).astype("<u2").tobytes())
    found = {
        "plain": base,
        "big": native(words(SMALL, big=True), big=True, **sized),
        "packed": native(words(SMALL, allocated=12), allocated=12, **sized),
        "implicit": with_syntax(base, IMPLICIT),
        "named big": with_syntax(base, BIG),
        "deflated": dicom(SMALL, DeflatedExplicitVRLittleEndian),
        "table": spliced(base, sequence(0x00283010, [table], undefined=True)),
        "turned": dicom(SMALL, PatientOrientation=["F", "R"], PixelPaddingValue=7),
        "frames": dicom(np.stack([SMALL, SMALL])),
        "fragments": encapsulated(
            items(pieces(CODECS["j2k"][1](SMALL), 3), struct.pack("<3I", 0, 99, 400)),
            CODECS["j2k"][0],
            base=base,
        ),
    }
    return found | {name: compressed(name, SMALL, **sized) for name in CODECS}


def _pictures() -> dict[str, bytes]:
    grey = (SMALL >> 4).astype(np.uint8)
    return {
        "png": picture(grey),
        "png of 16 bits": png(SMALL[..., None] * 16, 0, 16),
        "png of a palette": picture(grey),
        "jpeg": jpeg(grey),
        "progressive": picture(grey, "JPEG", progressive=True),
        "lossless": bytes(imagecodecs.jpeg8_encode(SMALL, lossless=True, bitspersample=12)),
        "jpeg-ls": bytes(imagecodecs.jpegls_encode(SMALL)),
    }


MUTANTS = {
    "dicom": Kind("mmbm.io.picture:decode", _dicoms),
    "picture": Kind("mmbm.io.picture:decode", _pictures),
    "sound": Kind("mmbm.io.audio:decode", originals_of_notes.sounds),
    "pdf": Kind("mmbm.io.notes:decode", originals_of_notes.pdfs),
    "word": Kind("mmbm.io.notes:decode", originals_of_notes.words),
    "story": Kind("mmbm.io.notes:decode", originals_of_notes.stories, originals_of_notes.packed),
    "text": Kind("mmbm.io.notes:decode", originals_of_notes.texts),
}


@cache
def originals(kind: str) -> list[bytes]:
    """The undamaged files of a kind."""
    return list(MUTANTS[kind].originals().values())


def mutant(kind: str, number: int) -> bytes:
    """The ``number``-th damaged file of a kind."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
    files = originals(kind)
    content = bytearray(files[number % len(files)])
    start = 128 if content[128:132] == b"DICM" else 0
    for _ in range(int(rng.integers(1, 5))):
        # half of the damage hits the header
        reach = len(content) if rng.random() < 0.5 else min(len(content), start + 700)
        at = int(rng.integers(start, max(reach, start + 1)))
        _DAMAGES[int(rng.integers(len(_DAMAGES)))](content, at, rng)
    return MUTANTS[kind].packed(bytes(content))


def _flip(content: bytearray, at: int, rng: np.random.Generator) -> None:
    if at < len(content):
        content[at] ^= 1 << int(rng.integers(8))


def _scramble(content: bytearray, at: int, rng: np.random.Generator) -> None:
    n_bytes = len(content[at : at + int(rng.integers(1, 9))])
    content[at : at + n_bytes] = rng.bytes(n_bytes)


def _extreme(content: bytearray, at: int, rng: np.random.Generator) -> None:
    size = int(rng.choice([1, 2, 4]))
    value = (b"\0" * size, b"\xff" * size, b"\x7f" + b"\xff" * (size - 1))[int(rng.integers(3))]
    content[at : at + size] = value[: len(content[at : at + size])]


def _cut(content: bytearray, at: int, rng: np.random.Generator) -> None:
    del content[max(at, 1) :]


def _drop(content: bytearray, at: int, rng: np.random.Generator) -> None:
    del content[at : at + int(rng.integers(1, 40))]


def _insert(content: bytearray, at: int, rng: np.random.Generator) -> None:
    content[at:at] = rng.bytes(int(rng.integers(1, 40)))


def _repeat(content: bytearray, at: int, rng: np.random.Generator) -> None:
    content[at:at] = content[at : at + int(rng.integers(1, 200))]


_DAMAGES = (_flip, _scramble, _extreme, _cut, _drop, _insert, _repeat)


class Outcome(NamedTuple):
    """What became of one mutant."""

    number: int
    seconds: float
    read: bool
    sentence: str  # of the refusal


def run(kind: str, numbers: range) -> Iterator[Outcome]:
    """Read the mutants of a kind one after the other in one warm child.

    Anything but a case part or an MMBMError comes through.
    """
    pool = Pool(1)
    limits = Limits()
    try:
        whole = MUTANTS[kind].packed(originals(kind)[0])
        pool.run(MUTANTS[kind].task, whole, "file", limits)  # it has started by then
        for number in numbers:
            content = mutant(kind, number)
            before = time.monotonic()
            try:
                pool.run(MUTANTS[kind].task, content, "file", limits)
                read, sentence = True, ""
            except MMBMError as exc:
                read, sentence = False, str(exc)
            yield Outcome(number, time.monotonic() - before, read, sentence)
    finally:
        pool.close()


def held_mb() -> float:
    """Memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20
