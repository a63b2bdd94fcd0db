"""The result of one case for others: as JSON, a PDF page, DICOM objects and FHIR resources."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmbm.report.form import CaseReport, PrevalenceEntry, SaidEntry, json_schema
from mmbm.report.of_case import case_report, without_names

if TYPE_CHECKING:
    from mmbm.report.exports import (
        Format,
        in_own_study,
        refusal,
        to_dicom,
        to_fhir,
        to_json,
        to_pdf,
    )

__all__ = [
    "CaseReport",
    "Format",
    "PrevalenceEntry",
    "SaidEntry",
    "case_report",
    "in_own_study",
    "json_schema",
    "refusal",
    "to_dicom",
    "to_fhir",
    "to_json",
    "to_pdf",
    "without_names",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mmbm.report' has no attribute '{name}'")
    return getattr(import_module("mmbm.report.exports"), name)  # when somebody exports
