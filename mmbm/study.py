"""The study that a picture belongs to, and what it is of, as its DICOM header says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

__all__ = ["NO_STUDY", "Heading", "Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """Identifiers of PS3.3 C.7.2 and C.12.1; blank or None where the header is silent.

    All of them can lead to a patient: none stands in a message, a log or a de-identified export.
    """

    study_uid: str = field(default="", repr=False)  # Study Instance UID
    series_uid: str = field(default="", repr=False)  # Series Instance UID
    instance_uid: str = field(default="", repr=False)  # SOP Instance UID
    class_uid: str = field(default="", repr=False)  # SOP Class UID
    accession: str = field(default="", repr=False)  # Accession Number
    taken: date | None = field(default=None, repr=False)  # of the acquisition, else of the study


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
