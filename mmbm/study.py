"""The study that a picture belongs to, as its DICOM header says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

__all__ = ["NO_STUDY", "Study"]


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
