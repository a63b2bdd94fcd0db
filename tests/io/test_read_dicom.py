from datetime import date

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.pixels import apply_windowing
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from mmbm.case import Window
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_picture
from mmbm.io.grayscale import show
from tests.made_files import dicom, ramp

LOSSLESS = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEG2000Lossless,
    JPEGLSLossless,
]


def lut(keyword, first, entries, **attributes):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, 16])
    item.add_new("LUTData", "US", entries)
    for name, value in attributes.items():
        setattr(item, name, value)
    return {keyword: [item]}


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.name)
def test_every_lossless_encoding_gives_the_same_film(syntax):
    film = read_picture(dicom(syntax=syntax), "film.dcm")
    assert film.pixels.dtype == film.shown.dtype == np.float32
    np.testing.assert_array_equal(film.pixels, ramp())
    assert film.transfer_syntax == syntax.name
    assert film.file_format == "DICOM"
    assert film.warnings == ()


def test_jpeg_baseline_is_read_and_its_loss_told():
    stored = ramp(top=255).astype(np.uint8)
    film = read_picture(dicom(stored, JPEGBaseline8Bit), "film.dcm")
    assert np.abs(film.pixels - stored).max() < 4
    assert film.warnings == ("The image was compressed with loss; fine detail may be missing.",)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 15, 16])
def test_bits_from_8_to_16(bits):
    stored = ramp(top=2**bits - 1)
    stored = stored.astype(np.uint8) if bits == 8 else stored
    film = read_picture(dicom(stored, bits=bits), "film.dcm")
    np.testing.assert_array_equal(film.pixels, stored)
    assert film.bits_stored == bits


@pytest.mark.parametrize("syntax", LOSSLESS[:1] + LOSSLESS[4:], ids=lambda syntax: syntax.name)
def test_signed_values_and_rescale(syntax):
    stored = ramp().astype(np.int16) - 2048
    content = dicom(stored, syntax, RescaleSlope=2, RescaleIntercept=-100)
    film = read_picture(content, "film.dcm")
    np.testing.assert_array_equal(film.pixels, 2.0 * stored - 100)


def test_header_facts_are_kept():
    film = read_picture(dicom(PixelSpacing=[0.2, 0.1]), "film.dcm")
    assert (film.dicom_modality, film.body_part, film.view) == ("CR", "CHEST", "PA")
    assert film.spacing_mm == (0.2, 0.1)
    assert read_picture(dicom(ImagerPixelSpacing=[0.3, 0.3]), "f").spacing_mm == (0.3, 0.3)
    assert read_picture(dicom(), "f").spacing_mm is None


def test_a_spacing_that_is_only_the_detector_s_is_known_as_such():
    for spacings, at_detector in (
        ({"PixelSpacing": [0.2, 0.2]}, False),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.3, 0.3]}, False),
        ({"PixelSpacing": [0.3, 0.3], "ImagerPixelSpacing": [0.3, 0.3]}, True),
        ({"ImagerPixelSpacing": [0.3, 0.3]}, True),
        ({}, False),
    ):
        assert read_picture(dicom(**spacings), "f").at_detector is at_detector


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions_agree_with_pydicom(function):
    settings = {"WindowCenter": 1800.0, "WindowWidth": 900.0, "VOILUTFunction": function}
    film = read_picture(dicom(**settings), "film.dcm")
    reference = Dataset()
    reference.PhotometricInterpretation, reference.PixelRepresentation = "MONOCHROME2", 0
    reference.BitsStored = 12
    for keyword, value in settings.items():
        setattr(reference, keyword, value)
    expected = apply_windowing(ramp().astype(np.float64), reference) / 4095
    np.testing.assert_allclose(film.shown, expected, atol=1e-6)


def test_linear_window_by_hand():
    # PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 takes 0 to 0 and 4095 to 1
    np.testing.assert_allclose(
        show(np.array([-5.0, 0.0, 4095.0, 5000.0]), Window(2048, 4096)), [0, 0, 1, 1]
    )
    np.testing.assert_allclose(show(np.array([9.0, 10.0, 11.0]), Window(10.5, 1)), [0, 0, 1])


def test_exact_windows_are_kept_as_equivalent_linear_ones():
    content = dicom(WindowCenter=1000, WindowWidth=400, VOILUTFunction="LINEAR_EXACT")
    film = read_picture(content, "film.dcm")
    np.testing.assert_allclose(film.shown, show(film.pixels, film.windows[0]), atol=1e-6)


def test_several_windows_are_presets_with_names():
    content = dicom(
        WindowCenter=[2000, 1000],
        WindowWidth=[3000, 500],
        WindowCenterWidthExplanation=["STANDARD", "LUNG"],
    )
    film = read_picture(content, "film.dcm")
    assert film.windows == (Window(2000, 3000, "STANDARD"), Window(1000, 500, "LUNG"))
    np.testing.assert_allclose(film.shown, show(film.pixels, film.windows[0]), atol=1e-6)


def test_modality_lut_by_hand():
    stored = np.tile(np.array([0, 1, 2, 3, 9], np.uint16), (200, 40))
    content = dicom(stored, **lut("ModalityLUTSequence", 1, [10, 40, 90], ModalityLUTType="US"))
    film = read_picture(content, "film.dcm")
    np.testing.assert_array_equal(film.pixels[0, :5], [10, 10, 40, 90, 90])


def test_voi_lut_by_hand_comes_before_the_window():
    stored = np.tile(np.array([0, 5, 6, 7, 9], np.uint16), (200, 40))
    content = dicom(
        stored,
        WindowCenter=3,
        WindowWidth=2,
        **lut("VOILUTSequence", 5, [0, 100, 400], LUTExplanation="HARD"),
    )
    film = read_picture(content, "film.dcm")
    np.testing.assert_allclose(film.shown[0, :5], [0, 0, 0.25, 1, 1])
    assert [window.name for window in film.windows] == ["HARD", ""]


def test_a_malformed_lut_is_refused():
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [0, 0, 16])
    item.add_new("LUTData", "US", [])
    with pytest.raises(UnreadableFile, match="lookup table in this DICOM file has no entries"):
        read_picture(dicom(VOILUTSequence=[item]), "film.dcm")


def test_without_a_window_the_middle_99_per_cent_are_shown():
    stored = ramp(top=1000)
    stored[0, 0] = 4095  # one hot pixel
    film = read_picture(dicom(stored), "film.dcm")
    assert film.windows[0].name == "auto"
    assert film.shown[5, -1] > 0.99


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"WindowCenter": 1500, "WindowWidth": 1000},
        {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"},
        {"RescaleSlope": 2, "RescaleIntercept": -1000},
    ],
    ids=["none", "linear", "exact", "sigmoid", "rescale"],
)
@pytest.mark.parametrize("signed", [False, True])
def test_both_senses_of_one_film_are_shown_alike(settings, signed):
    rng = np.random.default_rng(0)
    bright = rng.normal(1800, 500, (220, 210)).clip(0, 4095).astype(np.uint16)
    dark = (4095 - bright).astype(np.uint16)
    mirrored = dict(settings)
    if "WindowCenter" in settings:
        exact = settings.get("VOILUTFunction", "LINEAR") != "LINEAR"
        mirrored["WindowCenter"] = 4095 - 1500 + (0 if exact else 1)
    if signed:
        bright, dark = (a.astype(np.int16) - 2048 for a in (bright, dark))
        for each in (settings, mirrored):
            each |= {"RescaleIntercept": 2048} if "RescaleSlope" not in each else {}
    one = read_picture(dicom(bright, **settings), "film.dcm")
    other = read_picture(dicom(dark, PhotometricInterpretation="MONOCHROME1", **mirrored), "f")
    np.testing.assert_allclose(one.shown, other.shown, atol=1e-6)
    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-3)
    np.testing.assert_allclose(
        [w[:2] for w in one.windows], [w[:2] for w in other.windows], atol=1e-6
    )
    assert other.photometric == "MONOCHROME1"


def test_monochrome1_with_a_lut_is_turned_round():
    stored = np.tile(np.array([0, 1, 2], np.uint16), (200, 80))
    tables = lut("VOILUTSequence", 0, [0, 100, 400])
    film = read_picture(dicom(stored, PhotometricInterpretation="MONOCHROME1", **tables), "f")
    np.testing.assert_allclose(film.shown[0, :3], [1, 0.75, 0])
    assert film.pixels[0, 0] > film.pixels[0, 2]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_does_not_stretch_the_window(photometric):
    stored = ramp(top=1000) + 1000
    stored[:, :20] = 4000
    content = dicom(stored, PixelPaddingValue=4000, PhotometricInterpretation=photometric)
    film = read_picture(content, "film.dcm")
    assert (film.shown[:, :20] == 0).all()
    assert film.windows[0].width < 1001
    assert film.pixels[0, 0] == film.pixels.min()


def test_one_frame_of_several():
    stored = np.stack([ramp(), ramp()[:, ::-1], ramp() // 2])
    film = read_picture(dicom(stored), "film.dcm", frame=1)
    np.testing.assert_array_equal(film.pixels, stored[1])
    assert (film.frame, film.frames) == (1, 3)
    assert film.warnings == ("The file has 3 frames; one is read.",)
    with pytest.raises(UnsupportedFile, match="Frame 4 was requested; the file has 3"):
        read_picture(dicom(stored), "film.dcm", frame=3)


def test_functional_groups_of_the_frame_are_used():
    groups = []
    for center in (1000, 3000):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 100
        group.FrameVOILUTSequence = [voi]
        groups.append(group)
    content = dicom(np.stack([ramp(), ramp()]), PerFrameFunctionalGroupsSequence=groups)
    assert read_picture(content, "film.dcm", frame=1).windows == (Window(3000, 100),)


def test_a_file_without_preamble_is_read():
    film = read_picture(dicom(preamble=False), "film")
    np.testing.assert_array_equal(film.pixels, ramp())


def test_colour_is_turned_into_grey():
    rgb = np.zeros((200, 200, 3), np.uint8)
    rgb[:100, :, 0], rgb[100:, :, 1] = 255, 255
    content = dicom(
        rgb[..., 0],
        PhotometricInterpretation="RGB",
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PixelData=rgb.tobytes(),
    )
    film = read_picture(content, "film.dcm")
    np.testing.assert_allclose(film.shown[[0, -1], 0], [0.299, 0.587], atol=1e-5)
    assert film.warnings == ("This is a colour image; it was converted to greyscale.",)


def test_a_palette_is_looked_up():
    stored = np.tile(np.array([0, 1], np.uint8), (200, 100))
    tables = {}
    for colour in ("Red", "Green", "Blue"):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        tables[f"{colour}PaletteColorLookupTableData"] = np.array([0, 65535], "<u2").tobytes()
    film = read_picture(dicom(stored, PhotometricInterpretation="PALETTE COLOR", **tables), "f")
    np.testing.assert_allclose(film.shown[0, :2], [0, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"Modality": "CT"}, "modality of the file is CT, not an X-ray"),
        ({"Modality": "ABC"}, "The file states an unknown modality, not an X-ray"),
        ({"Modality": None}, "does not state its modality"),
        ({"BodyPartExamined": "HIP"}, "The body part stated in the file is HIP, not the chest"),
        ({"ViewPosition": "LL"}, "This is a lateral view"),
        ({"BurnedInAnnotation": "YES"}, "The image has burned-in text"),
        ({"LossyImageCompression": "01"}, "compressed with loss"),
        (
            {"WindowCenter": 9000, "WindowWidth": 10},
            "window stored in the file shows nearly all of the image black",
        ),
    ],
)
def test_cautions(attributes, sentence):
    (warning,) = read_picture(dicom(**attributes), "film.dcm").warnings
    assert sentence in warning


def test_a_small_picture_is_told():
    (warning,) = read_picture(dicom(ramp(100, 256)), "film.dcm").warnings
    assert warning == "The image has only 256 × 100 pixels; small findings cannot be seen."


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        ({"PixelData": None}, NoSignal, "This DICOM file contains no image"),
        ({"PixelData": bytes(2 * 240 * 256)}, NoSignal, "The image is one uniform grey"),
        ({"Rows": None, "Columns": None}, UnreadableFile, "no valid Rows and Columns"),
        ({"Rows": None, "Columns": 251}, UnreadableFile, "states no valid Rows"),
        ({"Rows": 60000, "Columns": 60000}, TooLarge, "has 60000 × 60000 pixels; at most 64"),
        ({"NumberOfFrames": 100000}, TooLarge, "has 100000 frames; at most 512"),
        (
            {"Rows": 480},
            UnreadableFile,
            "describes 245,760 bytes of pixels",
        ),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, UnsupportedFile, "is a DICOMDIR"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11"}, UnsupportedFile, "structured report"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, UnsupportedFile, "wrapped in DICOM"),
    ],
)
def test_refusals_name_no_patient(attributes, error, message):
    with pytest.raises(error, match=message) as caught:
        read_picture(dicom(**attributes), "Secret.dcm")
    assert "secret" not in str(caught.value).lower()


def test_free_text_in_a_code_never_reaches_a_message():
    with disable_value_validation():
        content = dicom(BodyPartExamined="Zhang San, born 1950-01-01")
    film = read_picture(content, "film.dcm")
    assert film.body_part == ""
    assert film.warnings == ()


def test_sizes_are_checked_before_the_file_is_read():
    with pytest.raises(TooLarge, match="The file is 0 MB; at most 0 MB are read"):
        read_picture(dicom(), "film.dcm", limits=Limits(file_bytes=1000))
    with pytest.raises(NoSignal, match="The file is empty"):
        read_picture(b"", "film.dcm")


def test_the_study_of_a_film_is_read_from_its_header():
    content = dicom(
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.4",
        SOPInstanceUID="1.2.5",
        AccessionNumber="A 17",
        StudyDate="20260303",
    )
    study = read_picture(content, "film").study
    assert (study.study_uid, study.series_uid, study.instance_uid) == ("1.2.3", "1.2.4", "1.2.5")
    assert (study.accession, study.taken) == ("A 17", date(2026, 3, 3))
    assert "A 17" not in repr(study)


def test_a_film_of_no_study_has_none():
    with disable_value_validation():
        content = dicom(StudyDate="no day")
    assert read_picture(content, "film").study.taken is None
