"""Whom a DICOM header says a picture is of, and of which study."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from mmbm.io.attributes import plain, words
from mmbm.patient import Patient, Study

__all__ = ["patient_of", "study_of"]

_AGE = re.compile(r"(\d{1,3})\s*([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_SEX = {"M": "male", "F": "female"}


def patient_of(dataset: Any) -> Patient:
    """Sex, age in years and identifier; each None or blank where the header is silent."""
    age = _AGE.fullmatch(words(dataset, "PatientAge"))
    years = int(age[1]) * _YEARS[age[2]] if age else _between(dataset)
    return Patient(
        sex=_SEX.get(words(dataset, "PatientSex")[:1], ""),
        years=None if years is None or not 0 <= years <= 120 else round(years, 2),
        identifier=words(dataset, "PatientID")[:64],
    )


def study_of(dataset: Any) -> Study:
    """The identifiers of the study, the series and the picture."""
    days = (_day(words(dataset, keyword)) for keyword in ("AcquisitionDate", "StudyDate"))
    return Study(
        study_uid=words(dataset, "StudyInstanceUID")[:64],
        series_uid=words(dataset, "SeriesInstanceUID")[:64],
        instance_uid=words(dataset, "SOPInstanceUID")[:64],
        class_uid=words(dataset, "SOPClassUID")[:64],
        accession=plain(dataset, "AccessionNumber")[:64],
        taken=next((day for day in days if day), None),
        patient_name=plain(dataset, "PatientName")[:320],
        patient_id=plain(dataset, "PatientID")[:64],
        birth_date=plain(dataset, "PatientBirthDate")[:64],
        study_id=plain(dataset, "StudyID")[:64],
        study_date=plain(dataset, "StudyDate")[:64],
        study_time=plain(dataset, "StudyTime")[:64],
        referring=plain(dataset, "ReferringPhysicianName")[:320],
    )


def _between(dataset: Any) -> float | None:
    """Years from birth to the picture."""
    born = _day(words(dataset, "PatientBirthDate"))
    for keyword in ("AcquisitionDate", "ContentDate", "StudyDate"):
        taken = _day(words(dataset, keyword))
        if born and taken:
            return (taken - born).days / 365.25
    return None


def _day(text: str) -> date | None:
    digits = text.replace(".", "").replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
