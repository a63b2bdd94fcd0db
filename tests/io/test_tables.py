"""Lookup tables of every writing: representation, byte order, length, sign of the first value."""

import io

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from mmbm.io import read_picture
from tests.made_files import dicom
from tests.made_pictures import (
    BIG,
    IMPLICIT,
    LITTLE,
    changed,
    element,
    film,
    native,
    save,
    sequence,
    spliced,
    words,
)

VALUES = film()
RISING = np.linspace(0, 65535, 4096).astype(np.uint16)


def with_table(
    entries,
    *,
    first=0,
    length=None,
    bits=16,
    vr="OW",
    first_vr="US",
    syntax=LITTLE,
    tag=0x00283010,
    undefined=False,
    content=None,
    **attributes,
):
    """DICOM bytes with a lookup table written as asked."""
    big, order = syntax == BIG, ">" if syntax == BIG else "<"
    content = content or native(words(VALUES, big=big), big=big)
    if attributes or syntax == IMPLICIT:
        dataset = pydicom.dcmread(io.BytesIO(content))
        for name, value in attributes.items():
            setattr(dataset, name, value)
        content = save(dataset, syntax)
    length = len(entries) if length is None else length
    descriptor = np.array([length % 2**16, first % 2**16, bits]).astype(f"{order}u2").tobytes()
    kind = f"{order}u2" if entries.dtype == np.uint16 else "u1"
    item = element(0x00283002, first_vr, descriptor, syntax)
    item += element(0x00283006, vr, entries.astype(kind).tobytes(), syntax)
    return spliced(content, sequence(tag, [item], syntax, undefined=undefined), big=big)


def read(content):
    return read_picture(content, "film.dcm")


@pytest.mark.parametrize("vr", ["OW", "US", "SS", "UN", "OB"])
@pytest.mark.parametrize("syntax", [LITTLE, BIG, IMPLICIT], ids=["little", "big", "implicit"])
@pytest.mark.parametrize("undefined", [False, True], ids=["defined", "undefined"])
def test_entries_are_unsigned_whatever_their_representation(vr, syntax, undefined):
    picture = read(with_table(RISING, vr=vr, syntax=syntax, undefined=undefined))
    np.testing.assert_allclose(picture.shown, RISING[VALUES] / 65535, atol=1e-6)
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert picture.warnings == ()


@pytest.mark.parametrize("syntax", [LITTLE, BIG, IMPLICIT], ids=["little", "big", "implicit"])
@pytest.mark.parametrize("vr", ["OW", "OB"])
def test_entries_of_eight_bits_packed_in_bytes(vr, syntax):
    curve = np.linspace(0, 255, 4096).astype(np.uint8)
    stored = curve
    if syntax == BIG and vr == "OW":
        stored = np.frombuffer(np.frombuffer(curve.tobytes(), "<u2").astype(">u2").tobytes(), "u1")
    picture = read(with_table(stored, bits=8, vr=vr, syntax=syntax))
    np.testing.assert_allclose(picture.shown, curve[VALUES] / 255, atol=1e-6)


@pytest.mark.parametrize("present", [3000, 2048, 4095])
def test_a_table_shorter_than_its_descriptor_holds_its_last_entry(present):
    curve = np.arange(4096, dtype=np.uint16)
    picture = read(with_table(curve[:present], length=4096, bits=12))
    expected = np.minimum(VALUES, present - 1) / (present - 1)
    np.testing.assert_allclose(picture.shown, expected, atol=1e-6)


def test_a_length_of_0_means_65536():
    curve = np.arange(65536).astype(np.uint16)
    wide = film(top=65535)
    content = native(words(wide), stored=16)
    picture = read(with_table(curve, length=0, content=content))
    np.testing.assert_allclose(picture.shown, wide / 65535, atol=1e-6)


@pytest.mark.parametrize("first_vr", ["US", "SS"])
@pytest.mark.parametrize("syntax", [LITTLE, IMPLICIT], ids=["explicit", "implicit"])
def test_the_first_value_is_signed_after_a_rescale_to_negative_values(syntax, first_vr):
    picture = read(
        with_table(
            RISING,
            first=-2048,
            syntax=syntax,
            first_vr=first_vr,
            RescaleSlope="1",
            RescaleIntercept="-2048",
        )
    )
    np.testing.assert_allclose(picture.shown, RISING[VALUES] / 65535, atol=1e-6)


def test_the_first_value_is_signed_with_signed_pixels():
    content = native(words(VALUES.astype(np.int64) - 2048), signed=True)
    picture = read(with_table(RISING, first=-2048, content=content))
    np.testing.assert_allclose(picture.shown, RISING[VALUES] / 65535, atol=1e-6)


def test_a_large_first_value_is_unsigned_with_large_values():
    high = VALUES + np.uint16(60000)
    picture = read(with_table(RISING, first=60000, content=native(words(high), stored=16)))
    np.testing.assert_allclose(picture.shown, RISING[VALUES] / 65535, atol=1e-6)


def test_a_modality_table():
    curve = (np.arange(4096) // 2 + 40000).astype(np.uint16)
    picture = read(with_table(curve, vr="SS", tag=0x00283000))
    np.testing.assert_array_equal(picture.pixels, curve[VALUES])


def test_a_falling_table_turns_pixels_and_window_too():
    picture = read(with_table(RISING[::-1].copy()))
    np.testing.assert_allclose(picture.shown, 1 - RISING[VALUES] / 65535, atol=2e-5)
    assert np.corrcoef(picture.pixels.ravel(), picture.shown.ravel())[0, 1] > 0.99


def empty_items():
    described = Dataset()
    described.LUTExplanation = "NORMAL"
    blank = Dataset()
    blank.add_new("LUTDescriptor", "US", None)
    blank.add_new("LUTData", "OW", None)
    return {"no element": [Dataset()], "a name alone": [described], "blank": [blank], "none": []}


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("kind", empty_items())
def test_an_empty_item_is_no_table(keyword, kind):
    content = dicom(VALUES, WindowCenter=2048, WindowWidth=4096)
    picture = read(changed(content, **{keyword: empty_items()[kind]}))
    np.testing.assert_array_equal(picture.pixels, VALUES)
    np.testing.assert_allclose(picture.shown, VALUES / 4095, atol=1e-6)
