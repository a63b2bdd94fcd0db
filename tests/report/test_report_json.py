"""The published form: its schema, and what a de-identified one leaves out."""

import json
from pathlib import Path

import jsonschema
import pytest

import mmbm.report
from mmbm.report import CaseReport, case_report, to_json
from tests.made_reports import READING

SCHEMA = json.loads((Path(mmbm.report.__file__).parent / "schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("identified", [False, True])
def test_every_result_fits_the_published_schema(named, identified):
    result = json.loads(to_json(named, READING, identified=identified))
    jsonschema.validate(result, SCHEMA)
    assert result["schema_version"] == "1.0"
    del result["model"]["sha256"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, SCHEMA)


def test_it_comes_back_as_it_was(named):
    report = case_report(named, READING, identified=True)
    assert CaseReport.model_validate_json(to_json(named, READING, identified=True)) == report
    assert report.study.patient_id == "Pat-17a" and report.study.accession == "Acc-99"


def test_a_deidentified_result_keeps_answers_and_marks_alone(named):
    text = to_json(named, READING)
    for said in (
        "Zhang",
        "张伟",
        "Compare",
        "opacity?",
        "角度",
        "Pat-17a",
        "Acc-99",
        "2026",
        "1960",
    ):
        assert said not in text, said
    result = CaseReport.model_validate_json(text)
    assert result.study is None
    assert [d.final for d in result.reading.decisions] == ["yes", "not sure"]
    assert [m.points for m in result.reading.marks] == [m.points for m in READING.marks]


def test_a_case_without_a_header_names_nobody(made):
    assert CaseReport.model_validate_json(to_json(made, identified=True)).study is None
