"""Small pictures that ask for much: one rule a kind, each with several sizes."""

import struct
import zlib

import imagecodecs
import numpy as np
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

from tests.made_files import dicom, jpeg, picture, ramp
from tests.made_pictures import (
    CODECS,
    DELIMITER,
    IMPLICIT,
    ITEM,
    chunk,
    compressed,
    element,
    encapsulated,
    film,
    items,
    native,
    pieces,
    sequence,
    spliced,
    with_syntax,
    words,
)

OPEN = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff"  # a sequence without a length
TOO_LONG = b"\x29\0\x10\x10OB\0\0\xff\xff\xff\x7f"  # an element of 2 GB
SMALL = film(64, 64)
GREY = (SMALL >> 4).astype(np.uint8)
JPEG, J2K, JLS = (CODECS[name][0] for name in ("jpeg", "j2k", "jls"))
EIGHT = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def jpeg_of(height, width, stream=None):
    """A JPEG whose frame header claims another size."""
    content = bytearray(jpeg(GREY) if stream is None else stream)
    at = max(content.find(mark) for mark in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2", b"\xff\xc3"))
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def jls_of(height, width):
    content = bytearray(imagecodecs.jpegls_encode(SMALL))
    at = content.find(b"\xff\xf7")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def jls_cut():
    return bytes(imagecodecs.jpegls_encode(film()))[:9000]


def j2k_of(*, size=None, tile=None, components=None):
    content = bytearray(imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k", reversible=True))
    at = content.find(b"\xff\x51") + 2
    if size:
        content[at + 4 : at + 12] = struct.pack(">II", *size)
    if tile:
        content[at + 20 : at + 28] = struct.pack(">II", *tile)
    if components:
        content[at + 36 : at + 38] = struct.pack(">H", components)
    return bytes(content)


def in_dicom(stream, syntax, **attributes):
    return encapsulated(items(pieces(stream, 1)), syntax, **attributes)


def scans(count, height=64, width=64):
    """A progressive JPEG that goes over its picture ``count`` times more."""
    content = picture(GREY, "JPEG", progressive=True)
    last = content.rfind(b"\xff\xda")
    scan = content[last:-2]
    return jpeg_of(height, width, content[:-2] + scan * count + b"\xff\xd9")


def flat(height, width, codec):
    zeros = np.zeros((height, width), np.uint8)
    if codec == "j2k":
        return imagecodecs.jpeg2k_encode(zeros, codecformat="j2k", reversible=True, numthreads=1)
    if codec == "jls":
        return imagecodecs.jpegls_encode(zeros)
    return imagecodecs.jpeg8_encode(zeros, 50)


def png_of(width, height, rows, depth=8, colour=0, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = rows if isinstance(rows, bytes) else zlib.compress(bytes(rows), 9)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    return start + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def deflated(dataset_tail, megabytes):
    """A deflated DICOM file with zeros behind its dataset, or before its pixels."""
    content = dicom(SMALL, DeflatedExplicitVRLittleEndian)
    start = 144 + int.from_bytes(content[140:144], "little")
    dataset = zlib.decompress(content[start:], -15)
    packer = zlib.compressobj(9, wbits=-15)
    at = dataset.rfind(b"\xe0\x7f\x10\x00") if dataset_tail == "before" else len(dataset)
    private = b"\x29\0\x10\x10OB\0\0" + struct.pack("<I", megabytes * 2**20)
    packed = packer.compress(dataset[:at] + (private if dataset_tail == "before" else b""))
    for _ in range(megabytes):
        packed += packer.compress(bytes(2**20))
    packed += packer.compress(dataset[at:]) + packer.flush()
    return content[:start] + packed


def many_elements(count, kind):
    """A header with so many elements before its pixels."""
    empty = {
        "empty": b"\x29\0\x10\x10LO\0\0",
        "implicit": b"\x29\0\x10\x10\0\0\0\0",
        "delimiters": b"\xfe\xff\x0d\xe0\0\0\0\0",
    }[kind]
    content = dicom(SMALL) if kind != "implicit" else _implicit()
    return spliced(content, empty * count)


def _implicit():
    import io

    import pydicom

    from tests.made_pictures import save

    return save(pydicom.dcmread(io.BytesIO(dicom(SMALL))), IMPLICIT)


def many_items(count, tag, *, undefined=False, syntax=None):
    """A sequence with so many empty items."""
    body = (ITEM + bytes(4)) * count
    if undefined:
        part = element(tag, "SQ", body + DELIMITER, length=0xFFFFFFFF)
    else:
        part = element(tag, "SQ", body, syntax or "")
    return spliced(dicom(SMALL) if syntax is None else _implicit(), part)


def nested(depth, *, undefined):
    if undefined:
        start = b"\x08\0\x15\x11SQ\0\0\xff\xff\xff\xff" + ITEM + b"\xff\xff\xff\xff"
        return spliced(dicom(SMALL), start * depth)
    part = b""
    for _ in range(depth):
        part = sequence(0x00081115, [part])
    return spliced(dicom(SMALL), part)


def table(count, length):
    """A VOI lookup table of so many entries."""
    item = element(0x00283002, "US", struct.pack("<3H", length, 0, 16))
    item += element(0x00283006, "OW", bytes(2 * count))
    return spliced(dicom(SMALL), sequence(0x00283010, [item]))


def fragments(count, size, **attributes):
    return encapsulated(items([bytes(size)] * count), J2K, **attributes)


def rle_of(rows, columns):
    header = struct.pack("<16I", 2, 64, 70, *[0] * 13)
    body = items([header + b"\x81\0" * 3000])
    return encapsulated(body, CODECS["rle"][0], Rows=rows, Columns=columns)


def palette(count):
    descriptor = struct.pack("<3H", 0, 0, 16)
    parts = []
    for colour in range(3):
        parts.append(element(0x00281101 + colour, "US", descriptor))
        parts.append(element(0x00281221 + colour, "OW", struct.pack("<3H", 1, 0xFFFF, 9) * count))
    content = native(words(GREY, allocated=8), allocated=8, stored=8, Rows=64, Columns=64)
    return spliced(content.replace(b"MONOCHROME2 ", b"PALETTE COLOR"[:12]), *parts)


def jp2_boxes(count):
    boxes = struct.pack(">I4s", 8, b"free") * count
    return b"\0\0\0\x0cjP  \r\n\x87\n" + boxes + struct.pack(">I4s", 0, b"jp2c") + j2k_of()


BOMBS = {
    "jpeg 65535 in a dicom of 64": lambda: in_dicom(jpeg_of(65535, 65535), JPEG, **EIGHT),
    "jpeg 65500 x 900 in a dicom": lambda: in_dicom(jpeg_of(65500, 900), JPEG, **EIGHT),
    "lossless jpeg 65535 in a dicom": lambda: in_dicom(
        jpeg_of(65535, 65535, imagecodecs.jpeg8_encode(SMALL, lossless=True, bitspersample=12)),
        CODECS["lossless"][0],
    ),
    "jpeg of height 0": lambda: in_dicom(jpeg_of(0, 64), JPEG, **EIGHT),
    "jpeg file 65535": lambda: jpeg_of(65535, 65535),
    "jpeg file 8000": lambda: jpeg_of(8000, 8000),
    "lossless jpeg file 8000": lambda: jpeg_of(
        8000, 8000, imagecodecs.jpeg8_encode(SMALL, lossless=True, bitspersample=12)
    ),
    "jpeg-ls 65535": lambda: in_dicom(jls_of(65535, 65535), JLS),
    "jpeg-ls 8000": lambda: in_dicom(jls_of(8000, 8000), JLS),
    "jpeg-ls 1000": lambda: in_dicom(jls_of(1000, 1000), JLS),
    "jpeg-ls without an end": lambda: in_dicom(
        bytes(imagecodecs.jpegls_encode(film()))[:9000], JLS
    ),
    "jpeg-ls file without an end": lambda: bytes(imagecodecs.jpegls_encode(film()))[:9000],
    "j2k 2^31": lambda: in_dicom(j2k_of(size=(2**31 - 1, 2**31 - 1)), J2K),
    "j2k 8000": lambda: in_dicom(j2k_of(size=(8000, 8000)), J2K),
    "j2k 1024 in tiles of 1": lambda: in_dicom(j2k_of(size=(1024, 1024), tile=(1, 1)), J2K),
    "j2k 64 in tiles of 1": lambda: in_dicom(j2k_of(tile=(1, 1)), J2K),
    "j2k of 16384 components": lambda: in_dicom(j2k_of(components=16384), J2K),
    "j2k of one grey, 8000": lambda: in_dicom(flat(8000, 8000, "j2k"), J2K, **EIGHT),
    "jpeg-ls of one grey, 8000": lambda: in_dicom(flat(8000, 8000, "jls"), JLS, **EIGHT),
    "jp2 with 500,000 boxes": lambda: in_dicom(jp2_boxes(500_000), J2K),
    "progressive jpeg file, 5,000 scans": lambda: scans(5_000),
    "progressive jpeg file, 500 scans of 4000": lambda: scans(500, 4000, 4000),
    "progressive jpeg in a dicom, 5,000 scans": lambda: in_dicom(scans(5_000), JPEG, **EIGHT),
    "png 60000": lambda: png_of(60_000, 60_000, 2**20),
    "png 9000": lambda: png_of(9_000, 9_000, 2**20),
    "png 7000 of 16-bit colours, cut short": lambda: png_of(7_000, 7_000, 2**20, 16, 6),
    "png with text of 600 MB": lambda: png_of(
        64, 64, 65 * 64, extra=chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(600 * 2**20), 1))
    ),
    "png with a million pieces": lambda: png_of(64, 64, 65 * 64, extra=chunk(b"tEXt", b"") * 10**6),
    "png with rows of 200 MB behind": lambda: png_of(64, 64, 200 * 2**20),
    "deflated, 640 MB behind": lambda: deflated("behind", 640),
    "deflated, 640 MB before the pixels": lambda: deflated("before", 640),
    "deflated, 100 MB before the pixels": lambda: deflated("before", 100),
    "deflated frame of 640 MB": lambda: encapsulated(
        items([zlib.compress(bytes(640 * 2**20), 1)]), "1.2.840.10008.1.2.8.1"
    ),
    "5 million empty elements": lambda: many_elements(5_000_000, "empty"),
    "5 million implicit elements": lambda: many_elements(5_000_000, "implicit"),
    "5 million stray delimiters": lambda: many_elements(5_000_000, "delimiters"),
    "2 million empty frame groups": lambda: many_items(2_000_000, 0x52009230),
    "2 million empty tables": lambda: many_items(2_000_000, 0x00283010),
    "5 million items without a length": lambda: many_items(5_000_000, 0x00081140, undefined=True),
    "5 million items in a known length": lambda: many_items(5_000_000, 0x00081140),
    "2 million implicit frame groups": lambda: many_items(2_000_000, 0x52009230, syntax=IMPLICIT),
    "200,000 sequences one in the other": lambda: nested(200_000, undefined=True),
    "1,000 known lengths one in the other": lambda: nested(1_000, undefined=False),
    "a million wrong lengths": lambda: spliced(
        dicom(SMALL),
        (b"\x29\0\x10\x10OB\0\0\xff\xff\xff\x7f" + b"\x28\0\x10\0US\x02\0") * 1_000_000,
    ),
    "a million sequences without an end": lambda: spliced(
        dicom(SMALL), b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" * 1_000_000
    ),
    "a million lost sequences": lambda: spliced(
        dicom(SMALL),
        (b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\x29\0\x10\x10OB\0\0\xff\xff\xff\x7f")
        * 1_000_000,
    ),
    "a table of 8 million entries": lambda: table(8_000_000, 0),
    "2 million empty fragments": lambda: fragments(2_000_000, 0),
    "2 million fragments, 500 frames": lambda: fragments(2_000_000, 2, NumberOfFrames=500),
    "90,000 fragments, 500 frames": lambda: fragments(90_000, 2, NumberOfFrames=500),
    "rle 60000": lambda: rle_of(60_000, 1_000),
    "a palette of 3 million segments": lambda: palette(3_000_000),
    "a palette that grows": lambda: palette(40_000),
    "60000 × 60000 pixels": lambda: dicom(SMALL, Rows=60_000, Columns=60_000),
    "512 frames that are not there": lambda: dicom(SMALL, NumberOfFrames=512),
    "2^31 frames": lambda: dicom(SMALL, NumberOfFrames=2**31 - 1),
    "a window of 10,000 numbers": lambda: spliced(
        dicom(SMALL), element(0x00281050, "DS", b"\\".join([b"1"] * 20_000))
    ),
    "a rescale slope of 1e38": lambda: dicom(SMALL, RescaleSlope="1e38", RescaleIntercept="0"),
    "a big film in deflate": lambda: with_syntax(dicom(ramp(64, 64)), "1.2.840.10008.1.2.1.99"),
    "compressed twice": lambda: in_dicom(compressed("j2k"), JPEG2000Lossless),
    "jpeg in jpeg": lambda: in_dicom(jpeg(GREY)[:300] * 3000, JPEGBaseline8Bit, **EIGHT),
}
