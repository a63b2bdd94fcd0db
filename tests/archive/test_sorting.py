"""Which picture of a study is read."""

from __future__ import annotations

import pytest

from mmbm.archive.sort import chosen, sort_out
from mmbm.errors import NoSignal, UnreadableFile
from mmbm.io import read_heading
from tests.made_files import dicom, picture, ramp
from tests.made_studies import DX, SC, film, slice_of


def sorted_out(*files):
    return sort_out(files, "1.2.3.1")


def numbers(found):
    return [film.heading.study.instance_uid.removeprefix("1.2.3.1.") for film in found.films]


def test_a_heading_is_what_the_header_says():
    heading = read_heading(film(1, 4, 7), "")
    assert heading.study.study_uid == "1.2.3.1"
    assert heading.study.instance_uid == "1.2.3.1.4.7"
    assert heading.study.class_uid == DX
    assert (heading.study.accession, str(heading.study.taken)) == ("A1", "2026-01-01")
    assert (heading.modality, heading.body_part, heading.view) == ("DX", "CHEST", "PA")
    assert (heading.series_number, heading.instance_number, heading.rows) == (4, 7, 320)
    assert not heading.lateral and not heading.derived and not heading.for_processing


def test_a_heading_holds_no_identifier_in_its_text():
    assert "1.2.3" not in repr(read_heading(film(1), "")) and "A1" not in repr(film(1)[:0])


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NoSignal), (picture(ramp(), "PNG"), UnreadableFile), (b"hello" * 99, UnreadableFile)],
    ids=["empty", "png", "text"],
)
def test_what_is_no_dicom_has_no_heading(content, error):
    with pytest.raises(error):
        read_heading(content, "")


def test_damage_in_the_header_costs_its_element_alone():
    content = film(1, InstanceNumber="2147483647").replace(b"2147483647", b"99999x9999")
    assert read_heading(content, "").instance_number == 0


def test_the_original_frontal_film_goes_first():
    found = sorted_out(
        film(1, 1, 1, ImageType=["DERIVED", "PRIMARY"]),
        film(1, 1, 2, ViewPosition="LL", PatientOrientation=["P", "F"]),
        film(1, 2, 1, ViewPosition="AP"),
        film(1, 2, 2, PresentationIntentType="FOR PROCESSING"),
        film(1, 3, 2),
        film(1, 3, 1),
        film(1, 4, 1, SOPClassUID=SC),
    )
    assert numbers(found) == ["3.1", "3.2", "2.1", "2.2", "1.1", "4.1"]
    assert [str(said) for said in found.left] == ["a lateral view"]
    assert "6 frontal chest X-rays" in chosen(found.films)[0]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (slice_of(1, "CT"), "CT"),
        (slice_of(1, "MR"), "MR"),
        (slice_of(1, "US"), "ultrasound"),
        (film(1, Modality="SMITH JOHN"), None),
        (film(1, BodyPartExamined="KNEE"), "an X-ray of KNEE"),
        (film(1, BodyPartExamined=None, SeriesDescription="Knee, 2 views"), "an X-ray of KNEE"),
        (film(1, BodyPartExamined=None, StudyDescription="Thorax pa"), None),
        (film(1, ViewPosition="LATERAL"), "a lateral view"),
        (film(2), "a file of another study"),
        (film(1)[:-70_000], None),  # pixels cut short: told when it is decoded
        (dicom(StudyInstanceUID="1.2.3.1", PixelData=None, Rows=None), "a file without a picture"),
    ],
)
def test_a_reason_names_what_it_is(given, reason):
    found = sorted_out(given)
    assert [str(said) for said in found.left] == ([reason] if reason else [])
    assert len(found.films) == (reason is None)


def test_a_derived_film_alone_is_taken_and_said():
    found = sorted_out(film(1, SOPClassUID=SC, Modality="CR", BodyPartExamined=None))
    assert [said.code for said in chosen(found.films)] == [
        "archive.derived",
        "archive.body_part_unstated",
    ]


def test_a_file_that_is_none_does_not_spoil_the_study():
    found = sorted_out(b"nothing of the kind", film(1))
    assert len(found.films) == 1 and len(found.left) == 1
