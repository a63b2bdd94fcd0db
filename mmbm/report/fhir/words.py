"""The pieces that FHIR resources are made of: concepts, quantities, references."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mmbm.text import name_of

__all__ = ["OWN", "Json", "answer", "concept", "finding", "number", "own", "reference", "url"]

Json = dict[str, Any]
OWN = "urn:mmbm"  # of the program's own codes
SNOMED = "http://snomed.info/sct"
FINDINGS = {  # SNOMED CT, where it has the finding
    "pneumonia": ("233604007", "Pneumonia"),
    "viral": ("75570004", "Viral pneumonia"),
    "effusion": ("60046008", "Pleural effusion"),
    "pneumothorax": ("36118008", "Pneumothorax"),
    "atelectasis": ("46621007", "Atelectasis"),
}
ANSWERS = {
    "yes": ("373066001", "Yes"),
    "no": ("373067005", "No"),
    "not sure": ("373068000", "Undetermined"),
}


def concept(system: str, code: str, display: str) -> Json:
    """A CodeableConcept with one code."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def own(code: str, display: str) -> Json:
    """A CodeableConcept with a code of the program's own."""
    return concept(OWN, code, display)


def finding(name: str) -> Json:
    """A finding: its name here, and its SNOMED code where there is one."""
    made = own(name, str(name_of("finding", name)))
    if name in FINDINGS:
        code, display = FINDINGS[name]
        made["coding"].append({"system": SNOMED, "code": code, "display": display})
    return made


def answer(given: str) -> Json:
    """An answer of the model or of a reader."""
    made = own(given.replace(" ", "-"), given)
    if given in ANSWERS:
        code, display = ANSWERS[given]
        made["coding"].append({"system": SNOMED, "code": code, "display": display})
    return made


def number(value: float) -> Json:
    """A Quantity without a unit."""
    return {"value": value, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}


def url(report: str, what: str) -> str:
    """The address of a resource within its bundle: of the same report always the same."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{OWN}:{report}:{what}')}"


def reference(report: str, what: str) -> Json:
    """A reference to it."""
    return {"reference": url(report, what)}
