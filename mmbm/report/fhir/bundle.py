"""A Bundle: a DiagnosticReport, an Observation for each answer, the Device, the Provenance.

Source: HL7 FHIR R4; the models of fhir.resources (R4B, in which these resources are the same) check
what is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from fhir.resources.R4B.bundle import Bundle

from mmbm.reading import Decision
from mmbm.report.fhir.words import OWN, Json, answer, concept, finding, number, own, reference, url
from mmbm.report.form import CaseReport, FindingEntry, StudyEntry
from mmbm.text import name_of, sentence

__all__ = ["bundle"]

DICOM_UID = "urn:dicom:uid"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def bundle(report: CaseReport, made: datetime | None) -> Bundle:
    """All resources of one report; ``made`` is None where no time may be stated."""
    key = sha256(report.model_dump_json().encode()).hexdigest()
    entries = [
        {"fullUrl": url(key, what), "resource": resource}
        for what, resource in _resources(report, key, made)
    ]
    told: Json = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if made is not None:
        told["timestamp"] = made.isoformat()
    return Bundle.model_validate(told)


def _resources(report: CaseReport, key: str, made: datetime | None) -> Iterator[tuple[str, Json]]:
    """Each resource with what it is called within the bundle."""
    patient: Json = {}
    if report.study is not None:
        patient = {"subject": reference(key, "patient")}
        yield "patient", _patient(report.study)
    results = []
    yield "device", _device(report)
    for entry in report.findings:
        results.append(f"model {entry.name}")
        yield results[-1], _of_model(report, entry, key) | patient
    for decision in report.reading.decisions if report.reading else ():
        if decision.final is not None or decision.first is not None:
            results.append(f"reader {decision.finding}")
            yield results[-1], _of_reader(report, decision, key) | patient
    yield "report", _diagnostic_report(report, key, results, made) | patient
    yield "provenance", _provenance(report, key, made)


def _patient(study: StudyEntry) -> Json:
    """Whose case it is, by the number alone; a stand-in would make one of all who have none."""
    number = {"value": study.patient_id} if study.patient_id else UNKNOWN
    return {"resourceType": "Patient", "identifier": [number]}


def _device(report: CaseReport) -> Json:
    """The model, by name, version and the checksum of its weights."""
    model = report.model
    return {
        "resourceType": "Device",
        "identifier": [{"system": f"{OWN}:weights-sha256", "value": model.sha256}],
        "manufacturer": "MMBM",
        "deviceName": [{"name": model.name, "type": "model-name"}],
        "version": [
            {"type": {"text": "model"}, "value": model.version},
            {"type": {"text": "MMBM"}, "value": report.mmbm_version},
            {"type": {"text": "form"}, "value": report.schema_version},
        ],
        "note": [{"text": report.notice}],
    }


def _of_model(report: CaseReport, entry: FindingEntry, key: str) -> Json:
    """The model's answer to one finding, with its probability and account."""
    told = report.trust.answers[entry.name]
    parts = [("probability", "Probability", entry.probability)]
    parts += [
        ("logit", "Log-odds", entry.logit),
        ("base", "Log-odds with nothing given", entry.base),
    ]
    parts += [
        (f"contribution-{m}", f"Contribution of: {name_of('modality', m)}", value)
        for m, value in entry.contributions.items()
    ]
    components = [
        {"code": own(code, display), "valueQuantity": number(value)}
        for code, display, value in parts
    ]
    standing = own(entry.status, str(sentence(f"status.{entry.status}")))
    components.append({"code": own("standing", "Standing"), "valueCodeableConcept": standing})
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "code": finding(entry.name),
        "method": own("model", "Answer of the model"),
        "device": reference(key, "device"),
        "valueCodeableConcept": answer(told.verdict),
        "component": components,
        "note": [{"text": told.sentence}, {"text": report.notice}],
    }


def _of_reader(report: CaseReport, decision: Decision, key: str) -> Json:
    """The reader's answer to one finding."""
    reading = report.reading
    made: Json = {
        "resourceType": "Observation",
        "status": "preliminary" if decision.final is None else "final",
        "code": finding(decision.finding),
        "method": own("reader", "Answer of the reader"),
        "performer": [_reader(report)],
        "derivedFrom": [reference(key, f"model {decision.finding}")],
    }
    if not any(entry.name == decision.finding for entry in report.findings):
        del made["derivedFrom"]
    if decision.final is not None:
        made["valueCodeableConcept"] = answer(decision.final)
    parts = []
    if decision.first is not None:
        first = own("first", "Answer before the model")
        parts.append({"code": first, "valueCodeableConcept": answer(decision.first)})
    if decision.act is not None:
        act = own(decision.act, str(sentence(f"report.act.{decision.act}")))
        parts.append({"code": own("act", "Reader beside the model"), "valueCodeableConcept": act})
    if parts:
        made["component"] = parts
    if decision.reason:
        made["note"] = [{"text": decision.reason}]
    if reading is not None and reading.decided_at is not None:
        made["issued"] = reading.decided_at.isoformat()
    return made


def _reader(report: CaseReport) -> Json:
    """The reader, by the name that he gives, if any."""
    name = report.reading.reader if report.reading else ""
    return {"type": "Practitioner", "display": name or "Reader"}


def _diagnostic_report(
    report: CaseReport, key: str, results: list[str], made: datetime | None
) -> Json:
    """The report that lists all answers, with the notice and the warnings."""
    said = [report.notice, *(warning.sentence for warning in report.warnings)]
    if report.reading and report.reading.comment:
        said.append(report.reading.comment)
    told: Json = {
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [concept("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")],
        "code": concept("http://loinc.org", "18748-4", "Diagnostic imaging study"),
        "result": [reference(key, what) for what in results],
        "performer": [_reader(report)] if report.reading else None,
        "conclusion": "\n".join(said),
        "issued": made.isoformat() if made else None,
    }
    study = report.study
    if study is not None and study.study_uid:
        told["imagingStudy"] = [_by_uid("ImagingStudy", study.study_uid)]
    if study is not None and study.accession:
        told["basedOn"] = [{"type": "ServiceRequest", "identifier": {"value": study.accession}}]
    if study is not None and study.taken is not None:
        told["effectiveDateTime"] = study.taken.isoformat()
    return {name: value for name, value in told.items() if value is not None}


def _provenance(report: CaseReport, key: str, made: datetime | None) -> Json:
    """Who made the report of what: the model, and the reader beside it."""
    kinds = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    agents = [{"type": concept(kinds, "assembler", "Assembler"), "who": reference(key, "device")}]
    if report.reading is not None:
        agents.append({"type": concept(kinds, "author", "Author"), "who": _reader(report)})
    told: Json = {
        "resourceType": "Provenance",
        "target": [reference(key, "report")],
        "agent": agents,
    }
    if made is not None:
        told["recorded"] = made.isoformat()
    else:
        told["_recorded"] = MASKED
    if report.study is not None and report.study.instance_uid:
        source = _by_uid("ImagingStudy", report.study.instance_uid)
        told["entity"] = [{"role": "source", "what": source}]
    return told


def _by_uid(kind: str, uid: str) -> Json:
    """A reference to what DICOM names by a UID."""
    return {"type": kind, "identifier": {"system": DICOM_UID, "value": f"urn:oid:{uid}"}}
