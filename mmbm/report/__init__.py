"""The result of one case for others: as JSON, a PDF page, DICOM objects and FHIR resources."""

from mmbm.report.exports import Format, refusal, to_dicom, to_fhir, to_json, to_pdf
from mmbm.report.form import CaseReport, PrevalenceEntry, SaidEntry, json_schema
from mmbm.report.of_case import case_report, without_names

__all__ = [
    "CaseReport",
    "Format",
    "PrevalenceEntry",
    "SaidEntry",
    "case_report",
    "json_schema",
    "refusal",
    "to_dicom",
    "to_fhir",
    "to_json",
    "to_pdf",
    "without_names",
]
