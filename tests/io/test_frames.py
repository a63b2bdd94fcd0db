"""Compressed frames as writers lay them down: fragments, offset tables, syntaxes, lost ends."""

import struct

import numpy as np
import pytest
from pydicom.uid import JPEGBaseline8Bit

from mmbm.errors import UnreadableFile, UnsupportedFile
from mmbm.io import read_picture
from tests.made_files import dicom
from tests.made_pictures import (
    CODECS,
    DELIMITER,
    IMPLICIT,
    ITEM,
    LITTLE,
    compressed,
    element,
    encapsulated,
    film,
    items,
    native,
    offsets,
    pieces,
    sequence,
    spliced,
    with_syntax,
    words,
)

VALUES = film()
EIGHT = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def read(content, frame=0):
    return read_picture(content, "film.dcm", frame=frame)


def expected(codec, values=VALUES):
    return values >> 4 if codec == "jpeg" else values


def is_film(picture, codec, values=VALUES):
    difference = np.abs(picture.pixels - expected(codec, values))
    return difference.max() <= (16 if codec == "jpeg" else 0)


def described(codec, **attributes):
    return (EIGHT if codec == "jpeg" else {}) | attributes


TABLES = {
    "empty": lambda fragments: b"",
    "one entry": lambda fragments: b"\0\0\0\0",
    "an entry a fragment": offsets,
    "nonsense": lambda fragments: struct.pack("<I", 123456),
    "nonsense of three": lambda fragments: struct.pack("<3I", 7, 99, 2**31),
    "nonsense of an odd length": lambda fragments: b"\x01\x02\x03\x04\x05\x06",
    "left out": lambda fragments: None,
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("table", TABLES)
def test_one_frame_in_fragments_whatever_the_offset_table(codec, count, table):
    syntax, encode = CODECS[codec]
    fragments = pieces(encode(VALUES), count)
    body = items(fragments, TABLES[table](fragments))
    assert is_film(read(encapsulated(body, syntax, **described(codec))), codec)


FRAMES = [film(seed=n) for n in range(3)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("table", ["right", "empty", "an entry a fragment", "nonsense"])
def test_frames_in_fragments(codec, count, table):
    syntax, encode = CODECS[codec]
    groups = [pieces(encode(values), count) for values in FRAMES]
    fragments = [part for group in groups for part in group]
    if table == "right":
        lengths = [sum(len(part) + 8 for part in group) for group in groups]
        entries = np.cumsum([0, *lengths[:-1]]).astype("<u4").tobytes()
    else:
        entries = TABLES[table](fragments)
    content = encapsulated(items(fragments, entries), syntax, **described(codec, NumberOfFrames=3))
    if codec == "rle" and count > 1 and table != "right":  # nothing marks where a frame begins
        with pytest.raises(
            UnreadableFile, match="3 frames in 9 fragments and does not state which"
        ):
            read(content, 1)
        return
    for place, values in enumerate(FRAMES):
        picture = read(content, place)
        assert is_film(picture, codec, values)
        assert picture.frames == 3


def test_an_extended_offset_table_tells_the_frames():
    syntax, encode = CODECS["rle"]
    groups = [pieces(encode(values), 2) for values in FRAMES]
    lengths = [sum(len(part) + 8 for part in group) for group in groups]
    table = np.cumsum([0, *lengths[:-1]]).astype("<u8").tobytes()
    content = encapsulated(items([p for g in groups for p in g]), syntax, NumberOfFrames=3)
    at = content.rfind(b"\xe0\x7f\x10\x00")
    extended = b"\xe0\x7f\x01\x00OV\0\0" + struct.pack("<I", len(table)) + table
    assert is_film(read(content[:at] + extended + content[at:], 2), "rle", FRAMES[2])


def test_fewer_frames_than_the_header_says():
    content = compressed("j2k", NumberOfFrames=4)
    picture = read(content)
    assert is_film(picture, "j2k")
    assert picture.frames == 1
    with pytest.raises(UnsupportedFile, match="Frame 3 was requested; the file has 1"):
        read(content, 2)


@pytest.mark.parametrize("codec", CODECS)
def test_a_file_without_a_sequence_delimiter(codec):
    syntax, encode = CODECS[codec]
    body = items(pieces(encode(VALUES), 2))
    assert is_film(read(encapsulated(body, syntax, delimiter=False, **described(codec))), codec)


@pytest.mark.parametrize("codec", ["jpeg", "lossless", "j2k", "jls"])
def test_a_stream_without_its_end_mark_and_one_cut_short(codec):
    syntax, encode = CODECS[codec]
    stream = bytes(encode(VALUES)).rstrip(b"\0")
    assert stream.endswith(b"\xff\xd9")
    whole = encapsulated(items(pieces(stream[:-2], 1)), syntax, **described(codec))
    assert is_film(read(whole), codec)
    cut = encapsulated(items(pieces(stream[: len(stream) // 2], 1)), syntax, **described(codec))
    with pytest.raises(UnreadableFile, match="cut short"):
        read(cut)


@pytest.mark.parametrize("named", [LITTLE, IMPLICIT, JPEGBaseline8Bit, "1.2.840.10008.1.2.5", ""])
@pytest.mark.parametrize("codec", CODECS)
def test_the_pixels_tell_the_codec_and_not_the_syntax(codec, named):
    picture = read(with_syntax(compressed(codec), named))
    assert is_film(picture, codec)
    (said,) = [w for w in picture.warnings if w.startswith("The header")] or [""]
    if named == JPEGBaseline8Bit:
        wrong = "names another compression" if codec not in ("jpeg", "lossless") else ""
    elif named == "1.2.840.10008.1.2.5":
        wrong = "names another compression" if codec != "rle" else ""
    else:
        wrong = "does not state that the image is compressed"
    assert wrong in said and bool(said) == bool(wrong)


@pytest.mark.parametrize("named", [syntax for syntax, _ in CODECS.values()])
def test_uncompressed_pixels_under_a_compressed_syntax(named):
    picture = read(with_syntax(native(words(VALUES)), named))
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert picture.warnings[-1] == (
        "The header states that the image is compressed; it is not, and was read as stored."
    )


@pytest.mark.parametrize("named", ["1.2.840.10008.1.2.2", IMPLICIT, "1.2.840.10008.1.2.1.99", ""])
def test_a_dataset_tells_its_encoding_and_not_the_syntax(named):
    picture = read(with_syntax(native(words(VALUES)), named))
    np.testing.assert_array_equal(picture.pixels, VALUES)


def test_a_bare_stream_as_pixel_data():
    stream = bytes(CODECS["j2k"][1](VALUES))
    content = encapsulated(
        stream, CODECS["j2k"][0], delimiter=False, length=len(stream) + len(stream) % 2
    )
    assert is_film(read(content), "j2k")


def test_the_size_in_the_stream_counts_and_is_said():
    picture = read(compressed("j2k", Rows=64, Columns=64))
    assert is_film(picture, "j2k")
    assert picture.warnings == (
        "The header states 64 × 64 pixels; the compressed image has 256 × 240, which were read.",
    )


@pytest.mark.parametrize("codec", ["jpeg", "lossless", "j2k", "jls"])
@pytest.mark.parametrize("keyword", ["SamplesPerPixel", "BitsAllocated", "Rows", "HighBit"])
def test_what_the_header_is_silent_about_the_stream_tells(codec, keyword):
    assert is_film(read(compressed(codec, **{keyword: None})), codec)


def test_eight_bits_in_sixteen():
    picture = read(compressed("jpeg", BitsAllocated=16, BitsStored=8, HighBit=7))
    assert is_film(picture, "jpeg")
    assert picture.bits_stored == 8


@pytest.mark.parametrize("codec", ["lossless", "j2k", "jls", "rle"])
@pytest.mark.parametrize("drawn_out", [False, True])
def test_signed_values(codec, drawn_out):
    values = VALUES.astype(np.int64) - 2048
    if codec == "lossless" and drawn_out:
        return  # its stream has 12 bits
    stored = (values & (0xFFFF if drawn_out else 0xFFF)).astype(np.uint16)
    picture = read(compressed(codec, stored, PixelRepresentation=1))
    np.testing.assert_array_equal(picture.pixels, values)


@pytest.mark.parametrize("codec", ["j2k", "jls", "rle"])
def test_left_aligned_values(codec):
    picture = read(compressed(codec, VALUES << 4, HighBit=15))
    np.testing.assert_array_equal(picture.pixels, VALUES)


ICON = [
    element(0x00280010, "US", b"\x02\0"),
    element(0x00280011, "US", b"\x02\0"),
    element(0x7FE00010, "OW", bytes(8)),
]


def wrong_icon(by):
    """An icon whose item says to be ``by`` bytes longer than it is."""
    body = b"".join(ICON)
    item = ITEM + struct.pack("<I", len(body) + by) + body
    return b"\x88\x00\x00\x02SQ\0\0\xff\xff\xff\xff" + item + DELIMITER


@pytest.mark.parametrize("by", [-30, -8, -2, 0, 2, 100])
def test_an_icon_with_a_wrong_length_spoils_nothing(by):
    for content in (dicom(VALUES), compressed("j2k")):
        spoilt = spliced(content, wrong_icon(by))
        np.testing.assert_array_equal(read(spoilt).pixels, VALUES)


def test_an_icon_of_jpeg_fragments_is_no_picture():
    body = items([b"\xff\xd8\xff" + bytes(37)])
    icon = element(0x7FE00010, "OB", body + DELIMITER, length=0xFFFFFFFF)
    content = spliced(dicom(VALUES), sequence(0x00880200, [icon], undefined=True))
    np.testing.assert_array_equal(read(content).pixels, VALUES)


def test_a_damaged_sequence_is_left_out_and_said():
    broken = element(0x00283010, "SQ", b"\x28\x00\x02\x30US\x06\x00\x01", length=9)
    picture = read(spliced(dicom(VALUES, WindowCenter=2048, WindowWidth=4096), broken))
    np.testing.assert_allclose(picture.shown, VALUES / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("syntax", "message"),
    [
        ("1.2.840.10008.1.2.4.103", "contains an MPEG video"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL are not read"),
    ],
)
def test_kinds_that_are_not_read_are_refused_by_name(syntax, message):
    with pytest.raises(UnsupportedFile, match=message):
        read(encapsulated(items([bytes(64)]), syntax))


def test_an_empty_picture():
    content = encapsulated(items([]), CODECS["j2k"][0])
    with pytest.raises(UnreadableFile, match="The image in this DICOM file is empty"):
        read(content)


def test_a_file_cut_before_its_pixels():
    content = dicom(VALUES)
    with pytest.raises(UnreadableFile, match="cut short or damaged before its image"):
        read(content[: content.rfind(b"\x28\x00\x00\x01") + 9])


def test_a_private_big_endian_syntax():
    content = native(words(VALUES, big=True))
    picture = read(with_syntax(content, "1.2.840.113619.5.2"))
    np.testing.assert_array_equal(picture.pixels, VALUES)


def test_meta_information_without_a_preamble():
    for content in (native(words(VALUES)), compressed("j2k")):
        np.testing.assert_array_equal(read(content[132:]).pixels, VALUES)


def test_uncompressed_pixels_of_undefined_length():
    content = encapsulated(words(VALUES), LITTLE, vr=b"OW")
    np.testing.assert_array_equal(read(content).pixels, VALUES)


def test_a_pixel_element_that_says_too_much():
    content = encapsulated(words(VALUES), LITTLE, vr=b"OW", length=2 * VALUES.size + 900)
    np.testing.assert_array_equal(read(content).pixels, VALUES)


def test_a_big_endian_dataset_under_a_little_endian_name():
    content = native(words(VALUES, big=True), big=True)
    np.testing.assert_array_equal(read(with_syntax(content, LITTLE)).pixels, VALUES)


@pytest.mark.parametrize("by", [4, 70_000_000])
@pytest.mark.parametrize("codec", ["native", "j2k"])
def test_a_wrong_length_before_the_pixels_is_passed_over_and_said(codec, by):
    content = native(words(VALUES)) if codec == "native" else compressed("j2k")
    at = content.find(b"\x28\0\x02\0US")
    private = element(0x00271010, "OB", bytes(64), length=64 + by if by > 64 else by)
    picture = read(content[:at] + private + content[at:])
    np.testing.assert_array_equal(picture.pixels, VALUES)
    if by > 64:
        assert picture.warnings == (
            "Damaged or overlong header elements were not used: an unknown element.",
        )
