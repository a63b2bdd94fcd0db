"""Pictures as odd writers make them: pixels by hand, fragments by hand, PNG chunks by hand."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pydicom
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from pydicom.uid import JPEGLosslessSV1 as JPEGLossless

from tests.made_files import dicom, ramp

BIG, LITTLE, IMPLICIT = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def film(height=240, width=256, top=4095, seed=0):
    """(height, width) uint16, 0 to ``top``: no row, column, turn or mirror image like another."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    rng = np.random.default_rng(seed)
    grey = 0.15 + 0.45 * x + 0.25 * y**2 - 0.3 * np.exp(-((x - 0.3) ** 2 + (y - 0.4) ** 2) / 0.02)
    grey = np.clip(grey + 0.01 * rng.standard_normal(grey.shape), 0, 1)
    grey[0, 0], grey[-1, -1] = 0, 1
    return np.round(grey * top).astype(np.uint16)


def native(
    content, *, allocated=16, stored=12, high=None, signed=False, vr="OW", big=False, **attributes
):
    """DICOM bytes with these pixel bytes; ``attributes`` overrule, None takes away."""
    dataset = pydicom.dcmread(io.BytesIO(dicom()))
    dataset.BitsAllocated, dataset.BitsStored = allocated, stored
    dataset.HighBit = stored - 1 if high is None else high
    dataset.PixelRepresentation = int(signed)
    _change(dataset, attributes)
    dataset["PixelData"] = pydicom.DataElement(
        "PixelData", vr, content + b"\0" * (len(content) % 2)
    )
    return save(dataset, BIG if big else LITTLE)


def words(values, *, allocated=16, big=False, bytes_in_words=False):
    """Pixel bytes of integers: whole words, or ``allocated`` bits each without gaps."""
    values = np.asarray(values).astype(np.int64).ravel() & (2**allocated - 1)
    if allocated == 8:
        content = values.astype(np.uint8).tobytes()
        if big and bytes_in_words:
            content = np.frombuffer(content, "<u2").astype(">u2").tobytes()
        return content
    if allocated in (16, 32):
        return values.astype(f"{'>' if big else '<'}u{allocated // 8}").tobytes()
    bits = (values[:, None] >> np.arange(allocated)) & 1
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little").tobytes()


def changed(content, **attributes):
    """A DICOM file with other attributes; None takes one away."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    _change(dataset, attributes)
    return save(dataset, dataset.file_meta.TransferSyntaxUID)


def _change(dataset, attributes):
    for keyword, value in attributes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)


def save(dataset, syntax):
    """The bytes of a dataset, written in the encoding of ``syntax`` where it has one."""
    uid = pydicom.uid.UID(syntax)
    plain = {BIG: pydicom.uid.ExplicitVRBigEndian, IMPLICIT: pydicom.uid.ImplicitVRLittleEndian}
    dataset["PixelData"].is_undefined_length = False
    fresh = pydicom.Dataset()  # without the encoding that it was read in
    for part in dataset:
        fresh.add(part)
    fresh.file_meta = dataset.file_meta
    fresh.file_meta.TransferSyntaxUID = plain.get(syntax, pydicom.uid.ExplicitVRLittleEndian)
    buffer = io.BytesIO()
    with pydicom.config.disable_value_validation():
        fresh.save_as(
            buffer,
            implicit_vr=syntax == IMPLICIT,
            little_endian=syntax != BIG,
            enforce_file_format=True,
        )
    return with_syntax(buffer.getvalue(), uid)


def with_syntax(content, uid):
    """A file whose meta information names this transfer syntax, however its dataset is written."""
    start = 144 + int.from_bytes(content[140:144], "little")
    meta = element(0x00020010, "UI", uid.encode() + b"\0" * (len(uid) % 2)) if uid else b""
    length = element(0x00020000, "UL", len(meta).to_bytes(4, "little"))
    return content[:132] + length + meta + content[start:]


def element(tag, vr, value, syntax=LITTLE, length=None):
    """One element by hand; ``length`` overrules that of its value, None in it is undefined."""
    order = ">" if syntax == BIG else "<"
    size = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if syntax == IMPLICIT:
        return head + struct.pack(order + "I", size) + value
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + vr.encode() + b"\0\0" + struct.pack(order + "I", size) + value
    return head + vr.encode() + struct.pack(order + "H", size) + value


def sequence(tag, contents, syntax=LITTLE, *, undefined=False):
    """A sequence of items with these contents, of defined or undefined length."""
    order = ">" if syntax == BIG else "<"
    edge = struct.Struct(order + "HHI")
    body = b"".join(
        edge.pack(0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(content))
        + content
        + (edge.pack(0xFFFE, 0xE00D, 0) if undefined else b"")
        for content in contents
    )
    if not undefined:
        return element(tag, "SQ", body, syntax)
    return element(tag, "SQ", body + edge.pack(0xFFFE, 0xE0DD, 0), syntax, 0xFFFFFFFF)


def spliced(content, *elements, big=False):
    """Elements by hand put in before the pixels."""
    at = content.rfind(b"\x7f\xe0\x00\x10" if big else b"\xe0\x7f\x10\x00")
    return content[:at] + b"".join(elements) + content[at:]


CODECS = {
    "jpeg": (JPEGBaseline8Bit, lambda a: imagecodecs.jpeg8_encode((a >> 4).astype(np.uint8), 98)),
    "lossless": (
        JPEGLossless,
        lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=1, bitspersample=12),
    ),
    "j2k": (
        JPEG2000Lossless,
        lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True),
    ),
    "jls": (JPEGLSLossless, lambda a: imagecodecs.jpegls_encode(a)),
    "rle": (RLELossless, lambda a: rle(a)),
}


def rle(values):
    """An RLE frame of 16-bit values: the high bytes, then the low ones."""
    planes = [(values >> 8).astype(np.uint8), (values & 255).astype(np.uint8)]
    packed = [imagecodecs.packbits_encode(plane) for plane in planes]
    packed = [part + b"\0" * (len(part) % 2) for part in packed]
    starts = [64, 64 + len(packed[0])]
    return struct.pack("<16I", 2, *starts, *[0] * 13) + b"".join(packed)


def pieces(stream, count):
    """A stream in ``count`` fragments of even length."""
    stream = bytes(stream) + b"\0" * (len(stream) % 2)
    size = -(-len(stream) // count) // 2 * 2 + 2
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def items(fragments, table=b""):
    """Fragments as items, behind an offset table (None: left out)."""
    parts = [] if table is None else [table]
    return b"".join(
        ITEM + struct.pack("<I", len(part)) + bytes(part) for part in [*parts, *fragments]
    )


def offsets(fragments):
    """An offset table with an entry a fragment."""
    starts = np.cumsum([0, *(len(f) + 8 for f in fragments[:-1])])
    return starts.astype("<u4").tobytes()


def encapsulated(body, syntax, *, delimiter=True, vr=b"OB", length=None, base=None, **attributes):
    """DICOM bytes whose pixel element holds ``body`` as it is, however wrong."""
    content = changed(dicom(film()) if base is None else base, **attributes)
    content = with_syntax(content, syntax)
    start = content.rfind(b"\xe0\x7f\x10\x00")
    size = 0xFFFFFFFF if length is None else length
    head = b"\xe0\x7f\x10\x00" + vr + b"\0\0" + struct.pack("<I", size)
    return content[:start] + head + body + (DELIMITER if delimiter else b"")


def compressed(codec, values=None, **attributes):
    """One frame in one fragment, by imagecodecs."""
    syntax, encode = CODECS[codec]
    fragments = pieces(encode(film() if values is None else values), 1)
    if codec == "jpeg":
        attributes = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7} | attributes
    return encapsulated(items(fragments), syntax, **attributes)


# --- PNG ----------------------------------------------------------------------------------------


def chunk(kind, content, check=None):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", check or zlib.crc32(body))


def png(values, colour, depth, *, extra=b"", interlaced=False):
    """A PNG of (height, width, channels) integers, written by hand."""
    height, width, _ = values.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)),
            *((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
        ]
    rows = b"".join(
        _rows(values[y::dy, x::dx], depth) for y, x, dy, dx in passes if values[y::dy, x::dx].size
    )
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _rows(values, depth):
    lines = values.reshape(len(values), -1)
    if depth == 16:
        packed = [line.astype(">u2").tobytes() for line in lines]
    else:
        bits = (lines[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in bits]
    return b"".join(b"\0" + line for line in packed)


__all__ = [
    "BIG",
    "CODECS",
    "IMPLICIT",
    "LITTLE",
    "changed",
    "chunk",
    "compressed",
    "element",
    "encapsulated",
    "film",
    "items",
    "native",
    "offsets",
    "pieces",
    "png",
    "ramp",
    "rle",
    "save",
    "sequence",
    "spliced",
    "with_syntax",
    "words",
]
