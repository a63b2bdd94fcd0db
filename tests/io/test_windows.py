"""Windows that hide the film, placeholders, padding of either sign, functional groups."""

import numpy as np
import pytest
from pydicom import Dataset

from mmbm.case import Window
from mmbm.io import read_picture
from tests.made_files import dicom
from tests.made_pictures import changed, element, film, native, spliced, words

VALUES = film()


def read(content, frame=0):
    return read_picture(content, "film.dcm", frame=frame)


def shown_automatically(picture):
    low, high = np.percentile(VALUES, [0.5, 99.5], method="inverted_cdf")
    expected = np.clip((VALUES.astype(float) - low) / (high - low), 0, 1)
    return np.abs(picture.shown - expected).max() < 0.01


@pytest.mark.parametrize(
    ("center", "width", "function", "sentence"),
    [
        (128, 256, None, "shows nearly all of the image white"),
        (128, 256, "LINEAR_EXACT", "shows nearly all of the image white"),
        (128, 64, "SIGMOID", "shows nearly all of the image white"),
        (60000, 256, None, "shows nearly all of the image black;"),
        (2048, 1, None, "shows nearly all of the image black or white"),
        (2048, 1e-3, "LINEAR_EXACT", "shows nearly all of the image black or white"),
        (32768, 65536, None, "shows nearly all of the image black;"),
        (-30000, 65536, None, "shows nearly all of the image white"),
        (2048, 65536, None, "shows nearly all of the image in one grey"),
        (1, 0, None, "has a width of 0, which shows nothing"),
        (2048, -5, None, "has a width of -5, which shows nothing"),
        (2048, 0, "SIGMOID", "has a width of 0, which shows nothing"),
        (2048, 0.5, "LINEAR", "has a width of 0.5, which shows nothing"),
    ],
)
def test_a_window_that_hides_the_film_is_left_out_and_said(center, width, function, sentence):
    attributes = {"WindowCenter": str(center), "WindowWidth": str(width)}
    if function:
        attributes["VOILUTFunction"] = function
    picture = read(dicom(VALUES, **attributes))
    assert shown_automatically(picture)
    assert [w.name for w in picture.windows] == ["auto"]
    (warning,) = picture.warnings
    assert sentence in warning


@pytest.mark.parametrize(("center", "width"), [(2048, 4096), (1800, 1200), (700, 900), (2048, 200)])
def test_a_window_that_shows_the_film_is_kept(center, width):
    picture = read(dicom(VALUES, WindowCenter=center, WindowWidth=width))
    assert picture.windows == (Window(center, width),)
    assert picture.warnings == ()


def test_a_film_of_two_thirds_background_keeps_its_window():
    values = VALUES.copy()
    values[:160] = 0
    picture = read(dicom(values, WindowCenter=2048, WindowWidth=4096))
    assert picture.windows == (Window(2048, 4096),)


def test_the_next_window_counts_where_the_first_hides():
    picture = read(dicom(VALUES, WindowCenter=[128, 2048], WindowWidth=[256, 4096]))
    assert picture.windows == (Window(2048, 4096),)
    assert "shows nearly all of the image" in picture.warnings[0]


def test_a_file_without_a_window_has_an_automatic_one():
    picture = read(dicom(VALUES))
    assert not picture.windows[0].of_file
    assert picture.warnings == ()


@pytest.mark.parametrize("vr", ["US", "SS"])
@pytest.mark.parametrize("value", [-2000, -1, 5, 2000])
def test_the_padding_value_counts_whatever_its_sign(vr, value):
    values = VALUES.astype(np.int64) - 1000
    values[values == value] += 1
    values[:, :40] = value
    content = native(words(values), stored=16, signed=True)
    octets = (value % 2**16).to_bytes(2, "little")
    picture = read(spliced(content, element(0x00280120, vr, octets)))
    assert (picture.shown[:, :40] == 0).all()
    assert (picture.pixels[:, :40] == picture.pixels.min()).all()
    low, high = np.percentile(values[:, 40:], [0.5, 99.5], method="inverted_cdf")
    assert picture.windows == (Window((low + high) / 2 + 0.5, high - low + 1, "auto"),)


def test_a_padding_range_of_the_other_sign():
    values = VALUES.astype(np.int64)
    values[:, :20], values[:, 20:40] = -2000, -1990
    content = native(words(values), stored=16, signed=True)
    ends = [(-2000 % 2**16).to_bytes(2, "little"), (-1990 % 2**16).to_bytes(2, "little")]
    picture = read(
        spliced(content, element(0x00280120, "US", ends[0]), element(0x00280121, "US", ends[1]))
    )
    assert (picture.shown[:, :40] == 0).all()


def test_unsigned_padding_written_as_signed():
    values = VALUES.astype(np.int64)
    values[:, :40] = 65535
    content = native(words(values), stored=16)
    picture = read(spliced(content, element(0x00280120, "SS", b"\xff\xff")))
    assert (picture.shown[:, :40] == 0).all()


def group(**items):
    """A functional group: each keyword a sequence of one item with these attributes."""
    found = Dataset()
    for keyword, attributes in items.items():
        item = Dataset()
        for name, value in attributes.items():
            setattr(item, name, value)
        setattr(found, keyword, [item])
    return found


SPACING = {"PixelMeasuresSequence": {"PixelSpacing": [0.2, 0.2]}}
VOI = {"FrameVOILUTSequence": {"WindowCenter": 1000, "WindowWidth": 9000}}
SCALE = {"PixelValueTransformationSequence": {"RescaleSlope": 2, "RescaleIntercept": -5}}
TOP = {"WindowCenter": 2000, "WindowWidth": 3000, "RescaleSlope": 3, "RescaleIntercept": 7}


@pytest.mark.parametrize(
    ("shared", "each", "slope", "center"),
    [
        ({}, {}, 3, 2000),
        (SPACING, {}, 3, 2000),
        ({}, SPACING, 3, 2000),
        (VOI, {}, 3, 1000),
        ({}, VOI, 3, 1000),
        (SCALE, SPACING, 2, 2000),
        (SPACING, SCALE, 2, 2000),
        (SCALE, VOI, 2, 1000),
        ({"FrameVOILUTSequence": {}}, {"PixelValueTransformationSequence": {}}, 3, 2000),
        (VOI, {"FrameVOILUTSequence": {"WindowCenterWidthExplanation": "X"}}, 3, 1000),
        ({"FrameVOILUTSequence": {"WindowCenter": 5}}, {}, 3, 2000),
    ],
)
def test_the_top_level_counts_where_the_groups_are_silent(shared, each, slope, center):
    attributes = dict(TOP)
    if shared:
        attributes["SharedFunctionalGroupsSequence"] = [group(**shared)]
    if each:
        attributes["PerFrameFunctionalGroupsSequence"] = [group(**each)]
    picture = read(changed(dicom(VALUES), **attributes))
    offset = -5 if slope == 2 else 7
    np.testing.assert_array_equal(picture.pixels, VALUES.astype(np.float32) * slope + offset)
    assert picture.windows[0].center == center


def test_a_group_s_rescale_is_not_mixed_with_the_top_level_s():
    groups = [group(PixelValueTransformationSequence={"RescaleIntercept": -5})]
    picture = read(changed(dicom(VALUES), SharedFunctionalGroupsSequence=groups, **TOP))
    np.testing.assert_array_equal(picture.pixels, VALUES.astype(np.float32) - 5)
