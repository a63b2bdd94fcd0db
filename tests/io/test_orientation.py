"""Films stored in all eight positions, and lateral views by whatever says so."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation

from mmbm.io import read_picture
from tests.made_files import dicom
from tests.made_pictures import film

VALUES = film()  # upright: rows to the left, columns to the feet
POSITIONS = {  # how an upright film looks where rows and columns run so
    ("L", "F"): lambda a: a,
    ("R", "F"): lambda a: a[:, ::-1],
    ("L", "H"): lambda a: a[::-1],
    ("R", "H"): lambda a: a[::-1, ::-1],
    ("F", "L"): lambda a: a.T,
    ("F", "R"): lambda a: a.T[::-1],
    ("H", "L"): lambda a: a.T[:, ::-1],
    ("H", "R"): lambda a: a.T[::-1, ::-1],
}
COSINES = {
    "L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0),
    "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1),
}  # fmt: skip
LATERAL = "This is a lateral view; the model was trained on frontal views."


def read(**attributes):
    stored = attributes.pop("stored", VALUES)
    with disable_value_validation():
        content = dicom(np.ascontiguousarray(stored), **attributes)
    return read_picture(content, "film.dcm")


@pytest.mark.parametrize("position", POSITIONS, ids="-".join)
@pytest.mark.parametrize("by", ["letters", "oblique letters", "cosines"])
def test_every_position_is_turned_upright_and_said(position, by):
    stored = POSITIONS[position](VALUES)
    says = {"PatientOrientation": list(position)}
    if by == "oblique letters":
        says = {"PatientOrientation": [position[0] + "P", position[1] + "A"]}
    if by == "cosines":
        says = {"ImageOrientationPatient": [*COSINES[position[0]], *COSINES[position[1]]]}
    picture = read(stored=stored, PixelSpacing=[0.2, 0.1], **says)
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert picture.shown.shape == VALUES.shape
    is_across = stored.shape != VALUES.shape
    assert picture.spacing_mm == ((0.1, 0.2) if is_across else (0.2, 0.1))
    assert picture.orientation == ("L", "F")
    if position == ("L", "F"):
        assert (picture.turned, picture.warnings) == ("", ())
    else:
        (warning,) = picture.warnings
        steps = picture.turned.replace(" and ", ", ", picture.turned.count(" and ") - 1)
        assert warning.startswith(f"The header states that the image is stored {steps} (rows")
        assert warning.endswith("it was turned upright.")


@pytest.mark.parametrize("words", [["LEFT", "FOOT"], ["L", "F"], ["l", "f"]])
def test_words_are_read_by_their_first_letter(words):
    assert read(PatientOrientation=words).turned == ""


@pytest.mark.parametrize(
    "orientation", [["L", "R"], ["L", "L"], ["F", "H"], ["A", "P"], ["L", "X"]], ids="-".join
)
def test_an_impossible_orientation_is_said(orientation):
    picture = read(PatientOrientation=orientation)
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert "The header contradicts itself: its orientation is impossible" in picture.warnings[0]


def test_a_view_against_the_orientation_is_said():
    (_, warning) = read(PatientOrientation=["A", "F"], ViewPosition="PA").warnings
    assert warning == (
        "The header contradicts itself: the view is PA, the orientation lateral (rows to A, "
        "columns to F). Check the orientation of the image."
    )
    warnings = read(PatientOrientation=["L", "F"], ViewPosition="LL").warnings
    assert "the view is lateral, the orientation frontal" in warnings[1]


def test_letters_against_cosines_are_said():
    picture = read(PatientOrientation=["L", "F"], ImageOrientationPatient=[-1, 0, 0, 0, 0, -1])
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert picture.warnings == (
        "The header contradicts itself: Patient Orientation states rows to L, columns to F, "
        "the direction cosines rows to R, columns to F. Check the orientation of the image.",
    )


def test_a_lateral_film_upside_down():
    picture = read(stored=VALUES[::-1], PatientOrientation=["A", "H"], ViewPosition="LL")
    np.testing.assert_array_equal(picture.pixels, VALUES)
    assert LATERAL in picture.warnings


def test_an_axial_default_says_nothing_of_a_projection():
    assert read(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]).warnings == ()


def coded(value="", meaning=""):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SRT", meaning
    return {"ViewCodeSequence": [item], "ViewPosition": ""}


@pytest.mark.parametrize(
    "attributes",
    [
        *({"PatientOrientation": o, "ViewPosition": ""} for o in (["A", "F"], ["P", "F"])),
        {"PatientOrientation": ["F", "A"], "ViewPosition": ""},
        {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1], "ViewPosition": ""},
        *(
            {"ViewPosition": word}
            for word in (
                *("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "L LAT", "LAT L", "LEFT LATERAL"),
                *("LAT_L", "Lateral", "LATERO", "LLO", "CHEST LAT", "PROFIL"),
            )
        ),
        *(coded(value) for value in ("R-10236", "R-10232", "R-102CD", "399067008", "399173006")),
        *(coded("X", meaning) for meaning in ("lateral", "Left Lateral", "right lateral view")),
        *(
            {"ViewPosition": "", keyword: text}
            for keyword, text in (
                ("SeriesDescription", "Chest LAT"),
                ("SeriesDescription", "W Thorax lateral"),
                ("SeriesDescription", "Thorax seitlich"),
                ("StudyDescription", "CXR lateral"),
                ("ProtocolName", "Chest lat."),
                ("AcquisitionDeviceProcessingDescription", "CHEST_LAT"),
            )
        ),
    ],
    ids=str,
)
def test_lateral_views_are_said(attributes):
    assert LATERAL in read(**attributes).warnings


@pytest.mark.parametrize(
    "attributes",
    [
        {"ViewPosition": "PA", "SeriesDescription": "Chest lateral"},
        {"ViewPosition": "LLD"},
        {"ViewPosition": "", "SeriesDescription": "Chest lateral decubitus"},
        {"ViewPosition": "", "StudyDescription": "Chest PA and lateral"},
        {"ViewPosition": "", "SeriesDescription": "PA", "StudyDescription": "Chest lateral"},
        {"ViewPosition": "", "SeriesDescription": "Plate, bilateral, latex"},
        {"ViewPosition": "AP"},
        coded("R-10206", "antero-posterior"),
        coded("399348003"),
        {"PatientOrientation": ["L", "F"]},
    ],
    ids=str,
)
def test_frontal_views_are_not_called_lateral(attributes):
    assert LATERAL not in read(**attributes).warnings


def test_a_chinese_description():
    content = dicom(VALUES, ViewPosition="", SpecificCharacterSet="ISO_IR 192")
    at = content.rfind(b"\x10\x00\x10\x00PN")
    text = "胸部侧位".encode()
    described = b"\x08\x00\x3e\x10LO" + len(text).to_bytes(2, "little") + text
    assert LATERAL in read_picture(content[:at] + described + content[at:], "film.dcm").warnings
