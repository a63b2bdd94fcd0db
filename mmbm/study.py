"""The study that a picture belongs to, and what it is of, as its DICOM header says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

__all__ = ["NO_STUDY", "Heading", "Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """What PS3.3 C.7.1, C.7.2 and C.12.1 say; blank or None where the header is silent.

    All of them can lead to a patient: none stands in a message, a log or a de-identified export.
    """

    study_uid: str = field(default="", repr=False)  # Study Instance UID
    series_uid: str = field(default="", repr=False)  # Series Instance UID
    instance_uid: str = field(default="", repr=False)  # SOP Instance UID
    class_uid: str = field(default="", repr=False)  # SOP Class UID
    accession: str = field(default="", repr=False)  # Accession Number
    taken: date | None = field(default=None, repr=False)  # of the acquisition, else of the study
    # what a report must repeat to go back into the same study, as it is written (C.7.1.1, C.7.2.1)
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    study_id: str = field(default="", repr=False)
    study_date: str = field(default="", repr=False)
    study_time: str = field(default="", repr=False)
    referring: str = field(default="", repr=False)  # Referring Physician's Name


NO_STUDY = Study()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a DICOM file says it is, without its pixels; codes are blank where it is silent."""

    study: Study = NO_STUDY
    modality: str = ""  # CR, DX, CT, …: a defined term
    body_part: str = ""  # a defined term, of the body part or else of the descriptions
    view: str = ""  # PA, AP, LL, …
    lateral: bool = False
    derived: bool = False  # made from other pictures, or a secondary capture
    for_processing: bool = False  # not meant to be looked at (DX)
    series_number: int = 0
    instance_number: int = 0
    rows: int = 0  # of the picture; 0: it has none
