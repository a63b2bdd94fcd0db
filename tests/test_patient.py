"""A note and a header that cannot be of one patient."""

from dataclasses import replace

import pytest

from mmbm.case import Case, Notes
from mmbm.io import read_picture
from mmbm.patient import Patient, disagreements, patient_in_note
from tests.made_cases import picture
from tests.made_files import dicom


@pytest.mark.parametrize(
    ("note", "sex", "years"),
    [
        ("58-year-old man. Cough for 4 days.", "male", 58),
        ("A 34 year old woman with fever", "female", 34),
        ("58 yo F with cough", "female", 58),
        ("58 y/o male smoker", "male", 58),
        ("58M, cough 3/7", "male", 58),
        ("58 F c/o SOB", "female", 58),
        ("Age: 61, sex: F. Cough.", "female", 61),
        ("Gender: male\nAged 61", "male", 61),
        ("5-month-old boy, fever", "male", 5 / 12),
        ("72-year-old retired school teacher (lady)", "", 72),
        ("64-year-old hypertensive gentleman", "male", 64),
        ("患儿男，5岁，家属陪同就诊。", "male", 5),
        ("患者，女，58岁，咳嗽3天", "female", 58),
        ("性别：女  年龄：63岁", "female", 63),
        ("男性，45岁。母亲70岁", "male", 45),
        ("3个月男婴，发热", "male", 0.25),
        ("Born to a 28-year-old mother. 3-month-old girl.", "female", 0.25),
        ("Her 34-year-old brother coughs. Age: 30", "", 30),
        ("母亲28岁。患儿男，3岁", "male", 3),
        ("Cough for 58 days. Ex-smoker, 20 pack-years. Temp 38 F.", "", None),
        ("Her mother had a cough. SpO2 93 % on air.", "", None),
        ("2 F pleural effusion drains", "", None),
        ("", "", None),
    ],
)
def test_a_note_s_patient(note, sex, years):
    found = patient_in_note(note)
    assert found.sex == sex
    assert found.years == (None if years is None else pytest.approx(years))


def test_disagreements_are_said_without_more_than_is_needed():
    header = Patient("male", 58.0, "AB-001234")
    assert disagreements(header, "A 57-year-old man, MRN: AB 001234.") == ()
    assert disagreements(header, "A 58-year-old woman.") == (
        "The notes say female, the DICOM header male. Check that both are from one patient.",
    )
    assert disagreements(header, "A 34-year-old man.") == (
        "The notes give an age of 34 years, the DICOM header 58 years. Check that both are from "
        "one patient.",
    )
    (sentence,) = disagreements(header, "MRN 99887766. Cough.")
    assert sentence == (
        "The notes and the DICOM header give different patient numbers. Check that both are from "
        "one patient."
    )
    assert disagreements(Patient(), "A 34-year-old man, MRN 99887766.") == ()
    assert disagreements(Patient("", None, "ANON0017"), "MRN 99887766") == ()


@pytest.mark.parametrize(
    ("header", "note", "differs"),
    [
        (0.5, "5-month-old girl", False),
        (4.0, "2-month-old girl", True),
        (60.0, "58-year-old", False),
        (63.0, "58-year-old", True),
    ],
)
def test_how_far_ages_may_lie_apart(header, note, differs):
    assert bool(disagreements(Patient("", header), note)) == differs


@pytest.mark.parametrize(
    ("attributes", "sex", "years"),
    [
        ({"PatientSex": "F", "PatientAge": "058Y"}, "female", 58),
        ({"PatientSex": "M", "PatientAge": "006M"}, "male", 0.5),
        ({"PatientSex": "O", "PatientAge": ""}, "", None),
        ({"PatientBirthDate": "19600101", "StudyDate": "20200101"}, "", 60),
        ({"PatientBirthDate": "19600101"}, "", None),
        ({"PatientAge": "999Y"}, "", None),
    ],
)
def test_a_header_s_patient(attributes, sex, years):
    patient = read_picture(dicom(**attributes), "film.dcm").patient
    assert patient.sex == sex
    assert patient.years == (None if years is None else pytest.approx(years, abs=0.02))


def test_the_case_warns_and_the_number_is_in_no_message():
    film = replace(picture(), patient=Patient("male", 58.0, "1234567"))
    case = Case(image=film, notes=Notes("A 58-year-old woman, MRN 7654321."))
    assert len(case.warnings) == 2
    assert "1234567" not in " ".join(case.warnings) + repr(film.patient)
    assert Case(image=film).warnings == ()
