"""A de-identified DICOM object: what is gone, what is dummy, what still refers to what."""

import io
import sys

import pytest
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from mmbm.errors import ConfigError
from mmbm.io import read_picture
from mmbm.privacy import deidentified
from tests.made_files import CR_IMAGE, dicom
from tests.made_planted import film, marks_in

SALT = b"of one export"


def bytes_of(dataset):
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def read(content):
    return dcmread(io.BytesIO(content))


def item(**attributes):
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def code(value, scheme, meaning):
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def report():
    """A structured report with a person, a text, a date, a reference and an own code."""
    made = read(dicom())
    made.StudyInstanceUID = "1.2.9"
    name = code("121008", "DCM", "ZQJOHN01")
    own = code("finding", "99MMBM", "Pneumonia")
    referred = item(ReferencedSOPClassUID=CR_IMAGE, ReferencedSOPInstanceUID="1.2.3")
    made.ContentSequence = [
        item(ValueType="PNAME", ConceptNameCodeSequence=[name], PersonName="ZQJOHN02"),
        item(ValueType="TEXT", ConceptNameCodeSequence=[own], TextValue="ZQJOHN03"),
        item(ValueType="TEXT", ConceptNameCodeSequence=[own], TextValue="chest-base 2.0"),
        item(ValueType="DATE", Date="20260102"),
        item(ValueType="IMAGE", ReferencedSOPSequence=[referred]),
        item(ValueType="CONTAINER", ContentSequence=[item(ValueType="NUM", TextValue="ZQJOHN04")]),
    ]
    return made


def test_no_identifier_of_a_film_is_left_anywhere():
    given = film(iter(range(1, 100)))
    assert len(marks_in(given)) > 30
    left = bytes_of(deidentified(read(given)))
    assert not marks_in(left)
    assert b"Secret" not in left


def test_the_film_reads_as_before():
    given = dicom(StudyDate="20260102", WindowCenter=2000, WindowWidth=3000)
    clean = bytes_of(deidentified(read(given)))
    before, after = read_picture(given, "film"), read_picture(clean, "film")
    assert (before.pixels == after.pixels).all()
    assert (before.body_part, before.view) == (after.body_part, after.view) == ("CHEST", "PA")


def test_the_method_is_recorded():
    clean = deidentified(read(dicom()))
    assert clean.PatientIdentityRemoved == "YES"
    methods = clean.DeidentificationMethodCodeSequence
    assert [m.CodeValue for m in methods] == ["113100"]
    assert methods[0].CodeMeaning == codes.DCM.BasicApplicationConfidentialityProfile.meaning
    told = [m.CodeValue for m in deidentified(report()).DeidentificationMethodCodeSequence]
    assert told == ["113100", "113104"]


def test_objects_of_one_export_still_refer_to_each_other():
    given, told = read(dicom(StudyInstanceUID="1.2.9", PatientID="7")), report()
    told.PatientID = "7"
    one, other = deidentified(given, SALT), deidentified(told, SALT)
    assert one.StudyInstanceUID == other.StudyInstanceUID != "1.2.9"
    assert one.PatientID == other.PatientID != "7"
    referred = other.ContentSequence[4].ReferencedSOPSequence[0]
    assert referred.ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID != "1.2.3"
    assert referred.ReferencedSOPClassUID == CR_IMAGE
    assert UID(one.SOPInstanceUID).is_valid


def test_another_salt_gives_other_numbers():
    given = read(dicom(StudyInstanceUID="1.2.9", PatientID="7"))
    ones = [deidentified(given) for _ in range(2)]
    assert ones[0].StudyInstanceUID != ones[1].StudyInstanceUID
    assert ones[0].PatientID != ones[1].PatientID


def test_a_report_keeps_its_codes_and_what_it_was_told_to_keep():
    clean = deidentified(report(), keep_texts={"chest-base 2.0", "Pneumonia"})
    assert not marks_in(clean.to_json())
    person, text, model, day, _, inner = clean.ContentSequence
    assert person.ConceptNameCodeSequence[0].CodeMeaning == "Person Observer Name"
    assert text.TextValue == person.PersonName == inner.ContentSequence[0].TextValue == "ANONYMIZED"
    assert model.TextValue == "chest-base 2.0"
    assert model.ConceptNameCodeSequence[0].CodeMeaning == "Pneumonia"
    assert day.Date == "19000101"


def test_the_actions_of_the_table():
    given = read(dicom(StudyDate="20260102", ContentDate="20260102", PatientBirthDate="19500101",
                       InstitutionName="St Mary", AcquisitionDate="20260102",
                       PatientSex="M", Manufacturer="Maker", KVP="80"))  # fmt: skip
    given.RequestAttributesSequence = [item(ScheduledProcedureStepID="7")]
    given.AcquisitionContextSequence = [item(ValueType="TEXT")]
    given.SourceImageSequence = [item(ReferencedSOPInstanceUID="1.2.4")]
    given.VerifyingObserverSequence = [
        item(VerifyingOrganization="St Mary", VerifyingObserverName="B")
    ]
    given.add_new(0x60000022, "LO", "St Mary")  # an overlay's description
    given.add_new(0x00091001, "UN", b"St Mary")
    given.add_new(0x00080007, "LO", "St Mary")  # no attribute of the standard
    clean = deidentified(given)
    assert "RequestAttributesSequence" not in clean
    assert (
        not clean.StudyDate
        and not clean.AcquisitionDate
        and not clean.PatientBirthDate
        and not clean.PatientSex
    )
    assert clean.ContentDate == "19000101"
    assert clean.Manufacturer == clean.InstitutionName == "ANONYMIZED" and clean.KVP == 80
    assert len(clean.AcquisitionContextSequence) == 0
    assert clean.SourceImageSequence[0].ReferencedSOPInstanceUID != "1.2.4"
    assert clean.VerifyingObserverSequence[0].VerifyingOrganization == "ANONYMIZED"
    assert b"St Mary" not in bytes_of(clean)
    assert given.InstitutionName == "St Mary"  # what was given is as it was


def test_what_dicom_anonymizer_removes_is_removed():
    from dicomanonymizer import anonymize_dataset
    from dicomanonymizer.simpledicomanonymizer import initialize_actions

    given = read(film(iter(range(1, 100))))
    peer = read(film(iter(range(1, 100))))
    anonymize_dataset(peer, base_rules_gen=lambda: initialize_actions("dicomfields_2026c"))
    added = {
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
    }
    added.add("LongitudinalTemporalInformationModified")
    assert {e.keyword for e in deidentified(given)} - added <= {e.keyword for e in peer}


def test_what_is_missing_is_said(monkeypatch):
    from mmbm.privacy import dicom as room

    room._actions.cache_clear()
    monkeypatch.setitem(sys.modules, "dicomanonymizer.dicomfields_selector", None)
    with pytest.raises(ConfigError, match=r'pip install "mmbm\[privacy\]"'):
        deidentified(read(dicom()))
