"""FHIR resources: valid by the models, linked to each other, and silent where they must be."""

import json

import pytest
from fhir.resources.R4B.bundle import Bundle

from mmbm.analysis import analyse
from mmbm.report import to_fhir
from tests.made_files import dicom
from tests.made_reports import READING, WHEN, film_case, told_by_fhir


@pytest.mark.parametrize("identified", [False, True])
@pytest.mark.parametrize("reading", [None, READING])
def test_a_bundle_is_valid_and_comes_back_as_it_was(named, reading, identified):
    text = to_fhir(named, reading, identified=identified, made=WHEN)
    assert Bundle.model_validate_json(text).model_dump_json(indent=2) == text


def test_every_reference_leads_to_a_resource(named):
    text = to_fhir(named, READING, identified=True, made=WHEN)
    urls = {entry["fullUrl"] for entry in json.loads(text)["entry"]}
    assert len(urls) == 8  # patient, device, two answers of the model and two of the reader, …
    assert text.count('"reference": "urn:uuid:') > 10
    for part in text.split('"reference": "')[1:]:
        assert part.split('"')[0] in urls


def test_an_identified_bundle_names_study_and_times(named):
    resources = {
        entry["resource"]["resourceType"]: entry["resource"]
        for entry in json.loads(to_fhir(named, READING, identified=True, made=WHEN))["entry"]
    }
    assert resources["Patient"]["identifier"][0]["value"] == "Pat-17a"
    report = resources["DiagnosticReport"]
    assert report["imagingStudy"][0]["identifier"]["value"].startswith("urn:oid:1.2.826.0")
    assert report["basedOn"][0]["identifier"]["value"] == "Acc-99"
    assert report["issued"].startswith("2026-03-04T05:06:07")
    assert resources["Provenance"]["recorded"].startswith("2026-03-04T05:06:07")


def test_a_patient_without_a_number_shares_none_with_others(predictor):
    unnumbered = analyse(film_case(dicom(StudyInstanceUID="1.2.3.1", PatientID="")), predictor)
    text = to_fhir(unnumbered, identified=True, made=WHEN)
    assert Bundle.model_validate_json(text).model_dump_json(indent=2) == text
    patient = json.loads(text)["entry"][0]["resource"]
    (number,) = patient["identifier"]
    assert "value" not in number and number["extension"][0]["valueCode"] == "unknown"


def test_a_deidentified_bundle_says_that_times_are_masked(named):
    text = to_fhir(named, READING, made=WHEN)
    for said in ("Pat-17a", "Acc-99", "2026", "Zhang", "Compare", "Patient", "角度"):
        assert said not in text, said
    assert "masked" in text
    observations, _ = told_by_fhir(text)
    assert ("pneumonia", "reader") in observations
