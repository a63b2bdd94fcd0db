"""JSON, DICOM and FHIR say the same finding, probability, version and decision."""

import json

import pytest

from mmbm.report import to_dicom, to_fhir, to_json
from tests.made_reports import READING, WHEN, coded, component, told_by_fhir, told_by_sr, unzipped

SNOMED = {"yes": "Yes", "no": "No", "not sure": "Undetermined", "not assessed": "Not assessed"}


@pytest.mark.parametrize("identified", [False, True])
def test_every_format_says_the_same(named, identified):
    how = {"identified": identified}
    result = json.loads(to_json(named, READING, **how))
    objects = unzipped(to_dicom(named, READING, made=WHEN, **how).zipped())
    told = told_by_sr(objects["report.dcm"])
    observations, device = told_by_fhir(to_fhir(named, READING, made=WHEN, **how))
    identity = named.prediction.identity
    assert result["model"]["version"] == identity.version
    assert {v["type"]["text"]: v["value"] for v in device["version"]}["model"] == identity.version
    assert device["identifier"][0]["value"] == identity.sha256
    assert len(told) == len(result["findings"]) == len(named.findings)
    for finding, account in zip(result["findings"], named.accounts, strict=True):
        name, group = finding["name"], told[finding["name"]]
        observation = observations[name, "model"]
        assert name == account.finding
        assert group["111003"] == identity.version  # Algorithm Version
        assert group["111001"] == identity.name  # Algorithm Name
        for said in (
            finding["probability"],
            group["122157"],  # Probability
            component(observation, "probability"),
        ):
            assert said == pytest.approx(account.probability, abs=1e-9)
        for modality, value in account.contributions.items():
            assert group[f"contribution:{modality}"] == pytest.approx(value, abs=1e-9)
            assert component(observation, f"contribution-{modality}") == pytest.approx(value)
        answer = result["trust"]["answers"][name]["verdict"]
        assert group["answer"] == SNOMED[answer]
        assert observation["valueCodeableConcept"]["text"] == answer
        decided = READING.decision(name)
        read = observations[name, "reader"]
        kept = next(d for d in result["reading"]["decisions"] if d["finding"] == name)
        assert kept["final"] == decided.final and kept["act"] == decided.act
        assert group["reader_final"] == SNOMED[decided.final]
        assert read["valueCodeableConcept"]["text"] == decided.final
        assert component(read, "act") == decided.act
        assert ("reader_first" in group) == (decided.first is not None)
        assert (component(read, "first") is not None) == (decided.first is not None)
        assert kept["reason"] == (decided.reason if identified else "")
        assert group.get("reader_reason") == (decided.reason or None if identified else None)


def test_codes_are_those_of_the_standards(named):
    report = to_dicom(named, READING, made=WHEN).report
    measured = report.ContentSequence[-2]
    first = next(i for i in measured.ContentSequence[0].ContentSequence if i.ValueType == "CODE")
    assert coded(first.ConceptCodeSequence[0]) == "233604007"
