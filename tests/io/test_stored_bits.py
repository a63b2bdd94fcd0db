"""Stored pixels of every layout: bits allocated, stored, high bit, sign, byte order, packing."""

import numpy as np
import pytest

from mmbm.errors import UnreadableFile
from mmbm.io import read_picture
from tests.made_pictures import changed, element, film, native, words

VALUES = film()


def read(content):
    return read_picture(content, "film.dcm")


def scaled(bits, signed=False):
    values = (VALUES.astype(np.int64) * (2**bits - 1)) // 4095
    return values - 2 ** (bits - 1) if signed else values


@pytest.mark.parametrize("big", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(
    ("allocated", "stored", "high"),
    [
        *((8, stored, high) for stored in (6, 8) for high in {stored - 1, 7}),
        *((16, stored, stored - 1) for stored in (8, 10, 12, 13, 14, 15, 16)),
        *((16, stored, 15) for stored in (8, 10, 12, 14)),
        *((16, 12, high) for high in (12, 13, 14)),
        (32, 12, 11),
        (32, 16, 31),
        (32, 24, 23),
        (32, 32, 31),
    ],
)
def test_every_layout_gives_its_values(allocated, stored, high, signed, big):
    values = scaled(min(stored, 16), signed)
    pixels = words(
        (values & (2**stored - 1)) << (high + 1 - stored),
        allocated=allocated,
        big=big,
        bytes_in_words=True,
    )
    picture = read(
        native(pixels, allocated=allocated, stored=stored, high=high, signed=signed, big=big)
    )
    np.testing.assert_array_equal(picture.pixels, values.astype(np.float32))
    assert picture.bits_stored == stored
    assert picture.warnings == ()


def test_bytes_of_a_big_endian_file_in_words_and_not():
    values = scaled(8)
    plain = words(values, allocated=8)
    swapped = words(values, allocated=8, big=True, bytes_in_words=True)
    for content, vr in ((plain, "OB"), (swapped, "OW")):
        picture = read(native(content, allocated=8, stored=8, vr=vr, big=True))
        np.testing.assert_array_equal(picture.pixels, values)


@pytest.mark.parametrize("allocated", [1, 4, 10, 12, 14, 24])
def test_values_packed_without_gaps(allocated):
    bits = min(allocated, 16)
    values = scaled(bits)
    content = native(words(values, allocated=allocated), allocated=allocated, stored=bits)
    np.testing.assert_array_equal(read(content).pixels, values)


def test_the_second_frame_of_packed_values_begins_within_a_byte():
    frames = np.stack([film(241, 257), film(241, 257, seed=1)])
    content = native(
        words(frames, allocated=12), allocated=12, Rows=241, Columns=257, NumberOfFrames=2
    )
    np.testing.assert_array_equal(
        read_picture(content, "film.dcm", frame=1).pixels, frames[1].astype(np.float32)
    )


def test_bits_above_the_stored_ones_are_no_pixels():  # overlays lay there once
    content = native(words(VALUES.astype(np.int64) | 0x9000))
    np.testing.assert_array_equal(read(content).pixels, VALUES)


SILENT = {
    "SamplesPerPixel": "does not state the values per pixel; 1 per pixel fit the file",
    "PhotometricInterpretation": "does not state whether high values are bright",
    "PixelRepresentation": "does not state whether values are signed; unsigned values fit",
    "BitsAllocated": "does not state the bits per value; 16 fit the file",
    "Rows": "does not state Rows; 240 fits the file",
    "Columns": "does not state Columns; 256 fits the file",
}


@pytest.mark.parametrize("keyword", SILENT)
def test_what_the_header_is_silent_about_is_read_by_what_fits_and_said(keyword):
    picture = read(changed(native(words(VALUES)), **{keyword: None}))
    np.testing.assert_array_equal(picture.pixels, VALUES)
    (warning,) = picture.warnings
    assert SILENT[keyword] in warning


def test_bits_stored_are_known_by_the_high_bit_or_all_taken():
    by_high = read(changed(native(words(VALUES)), BitsStored=None))
    assert (by_high.bits_stored, by_high.warnings) == (12, ())
    neither = read(changed(native(words(VALUES)), BitsStored=None, HighBit=None))
    np.testing.assert_array_equal(neither.pixels, VALUES)
    assert neither.warnings == (
        "The header does not state how many bits of a value are used; all 16 were read.",
    )


def test_a_missing_sign_is_told_by_the_picture():
    values = VALUES.astype(np.int64) - 2048
    picture = read(changed(native(words(values), signed=True), PixelRepresentation=None))
    np.testing.assert_array_equal(picture.pixels, values)
    assert "signed values fit the image" in picture.warnings[0]


def test_twelve_bits_allocated_in_whole_words():
    picture = read(native(words(VALUES), allocated=12))
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert picture.warnings == (
        "The header states 12 bits per value; 16 fit the file and were read.",
    )


def test_sixteen_bits_allocated_for_bytes():
    picture = read(native(words(scaled(8), allocated=8), allocated=16, stored=8))
    np.testing.assert_array_equal(picture.pixels, scaled(8))
    assert picture.warnings == (
        "The header states 16 bits per value; 8 fit the file and were read.",
    )


def test_a_cut_file_is_cut_short_and_a_wrong_header_is_not():
    whole = native(words(VALUES))
    with pytest.raises(UnreadableFile, match="cut short: its pixels need 122,880 bytes"):
        read(whole[:-1000])
    with pytest.raises(UnreadableFile, match="describes 147,456 bytes of pixels; the file has"):
        read(changed(whole, Rows=288))


@pytest.mark.parametrize("slope", ["1e38", "-1e38", "1e300"])
def test_values_that_are_no_usable_numbers_are_refused(slope):
    with pytest.raises(UnreadableFile, match="not usable numbers after its rescale slope"):
        read(changed(native(words(VALUES)), RescaleSlope=slope, RescaleIntercept="0"))


def test_float_pixels_and_those_that_are_no_numbers():
    values = VALUES.astype("<f4") / 7 - 100
    content = native(words(VALUES))
    at = content.rfind(b"\xe0\x7f\x10\x00")
    floats = values.copy()
    floats[:24] = np.nan
    content = content[:at] + element(0x7FE00008, "OW", floats.tobytes()).replace(b"OW", b"OF", 1)
    picture = read(content)
    np.testing.assert_array_equal(picture.pixels[24:], values[24:])
    assert (picture.shown[:24] == 0).all()
    assert picture.warnings == ("Pixels whose value is not a number are shown black: 6,144.",)


@pytest.mark.parametrize("photometric", ["MONOCHROME", "GREY", "UNKNOWN"])
def test_an_unknown_photometric_is_said(photometric):
    picture = read(changed(native(words(VALUES)), PhotometricInterpretation=photometric))
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert SILENT["PhotometricInterpretation"] in picture.warnings[0]
