"""Damaged and hostile files: every one ends in a case part or in one MMBMError."""

import io
import struct
import time
import zipfile
import zlib

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from mmbm.config import Limits
from mmbm.errors import InputError, TooLarge, UnreadableFile
from mmbm.io import read_notes, read_picture, read_sound
from tests.made_files import dicom, docx, pdf, picture, ramp, sound, tone, wav

pytestmark = pytest.mark.attack
GREY = ramp(top=255).astype(np.uint8)
SMALL = ramp(64, 64)
SHORT = tone(1.5, 8000)

VALID = {
    "dicom": (read_picture, lambda: dicom(SMALL)),
    "dicom deflated": (read_picture, lambda: dicom(SMALL, DeflatedExplicitVRLittleEndian)),
    "dicom rle": (read_picture, lambda: dicom(SMALL, RLELossless)),
    "dicom j2k": (read_picture, lambda: dicom(SMALL, JPEG2000Lossless)),
    "dicom jpeg": (read_picture, lambda: dicom(GREY[:64, :64], JPEGBaseline8Bit)),
    "png": (read_picture, lambda: picture(GREY)),
    "jpeg": (read_picture, lambda: picture(GREY, "JPEG")),
    "text": (read_notes, lambda: "患者咳嗽3天, cough and fever".encode()),
    "pdf": (read_notes, lambda: pdf("Cough for 3 days")),
    "docx": (read_notes, lambda: docx(["Cough for 3 days"], [["T", "38.5"]])),
    "wav": (read_sound, lambda: wav(SHORT, 8000)),
    "flac": (read_sound, lambda: sound(SHORT, 8000)),
    "ogg": (read_sound, lambda: sound(SHORT, 8000, "OGG")),
    "mp3": (read_sound, lambda: sound(SHORT, 8000, "MP3")),
}


def survives(read, content):
    try:
        read(bytes(content), "file")
    except InputError as exc:
        assert 10 < len(str(exc)) < 300
        assert "secret" not in str(exc).lower()


@pytest.mark.parametrize("kind", VALID)
def test_truncations(kind):
    read, make = VALID[kind]
    content = make()
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999):
        survives(read, content[: max(1, int(share * len(content)))])


@pytest.mark.parametrize("kind", VALID)
def test_random_bytes_changed(kind):
    read, make = VALID[kind]
    original = np.frombuffer(make(), np.uint8)
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    for _ in range(25):
        content = original.copy()
        where = rng.integers(0, len(content), rng.integers(1, 12))
        content[where] = rng.integers(0, 256, len(where), dtype=np.uint8)
        survives(read, content.tobytes())


@pytest.mark.parametrize("kind", VALID)
def test_random_bits_of_the_header_flipped(kind):
    read, make = VALID[kind]
    original = bytearray(make())
    rng = np.random.default_rng(zlib.crc32(kind.encode()) + 1)
    start = 128 if kind.startswith("dicom") else 0
    for _ in range(25):
        content = bytearray(original)
        at = start + int(rng.integers(0, min(600, len(content) - start)))
        content[at] ^= 1 << int(rng.integers(0, 8))
        survives(read, content)


@pytest.mark.parametrize("read", [read_picture, read_notes, read_sound])
def test_noise(read):
    rng = np.random.default_rng(7)
    for size in (1, 3, 200, 5000):
        survives(read, rng.bytes(size))


def test_a_zip_bomb_in_a_word_document():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (200 * 2**20))
    with pytest.raises(TooLarge, match="would unpack to more than 32 MB"):
        read_notes(buffer.getvalue(), "notes.docx")


def test_a_zip_whose_listed_size_lies():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (200 * 2**20))
    content = bytearray(buffer.getvalue())
    at = content.rfind(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 1000)
    with pytest.raises(UnreadableFile, match="The Word document is damaged"):
        read_notes(bytes(content), "notes.docx")


def test_entities_in_a_word_document_are_not_expanded():
    source = docx(["COUGH"])
    bomb = '<!DOCTYPE b [<!ENTITY a "fever fever "><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(source)) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            text = old.read(name)
            if name == "word/document.xml":
                head, _, rest = text.partition(b"?>")
                text = head + b"?>" + bomb.encode() + rest.replace(b"COUGH", b"COUGH &b;")
            new.writestr(name, text)
    survives(read_notes, buffer.getvalue())


def png_claiming(width, height):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(50 * 2**20), 9)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [60_000, 9_000])
def test_a_png_bomb(side):
    before = time.monotonic()
    with pytest.raises(TooLarge, match=f"{side} × {side} pixels; at most 64 million"):
        read_picture(png_claiming(side, side), "film.png")
    assert time.monotonic() - before < 3


def test_a_png_bomb_below_the_limit_is_held_by_memory_or_read():
    survives(read_picture, png_claiming(7_000, 7_000))


def test_a_dicom_that_claims_too_much():
    with pytest.raises(TooLarge, match="has 60000 × 60000 pixels"):
        read_picture(dicom(Rows=60_000, Columns=60_000), "film.dcm")


def test_a_codestream_larger_than_its_dicom_says():
    content = dicom(ramp(2000, 2000), JPEG2000Lossless, Rows=2000)
    at = content.find(b"\xff\x4f\xff\x51")
    forged = content[: at + 8] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + content[at + 16 :]
    survives(read_picture, forged)


def test_a_deflate_bomb_in_dicom():
    content = dicom(SMALL, DeflatedExplicitVRLittleEndian)
    start = content.find(DeflatedExplicitVRLittleEndian.encode()) + 22
    packer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packer.compress(bytes(2**24)) for _ in range(40)) + packer.flush()
    limits = Limits(decode_memory=2**30)
    with pytest.raises(InputError):
        read_picture(content[:start] + bomb, "film.dcm", limits=limits)


def test_deeply_nested_dicom():
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    start = b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff"
    content = dicom(SMALL)
    at = content.find(b"\x08\x00\x16\x00UI")
    survives(read_picture, content[:at] + (start + item) * 20_000)


def test_a_wav_that_claims_hours():
    content = bytearray(wav(SHORT, 8000))
    content[40:44] = struct.pack("<I", 0x7FFF0000)
    content[4:8] = struct.pack("<I", 0x7FFF0024)
    survives(read_sound, content)


def test_a_short_flac_of_hours_of_silence():
    content = sound(np.zeros(8000 * 3600), 8000)
    with pytest.raises(TooLarge, match="longer than 600 seconds"):
        read_sound(content, "breath.flac")


def test_hours_without_a_length_in_the_header():
    content = bytearray(sound(np.zeros(8000 * 1300), 8000))
    content[21] &= 0xF0  # the number of samples in STREAMINFO: 36 bits, 0 is unknown
    content[22:26] = bytes(4)
    with pytest.raises(TooLarge, match="longer than 600 seconds"):
        read_sound(bytes(content), "breath.flac")
