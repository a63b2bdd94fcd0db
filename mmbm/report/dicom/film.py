"""The film that the objects refer to: the one that was given, or one made of the picture.

What is taken over from a header is checked, so that a film with a damaged one gets sound objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
from highdicom.sc import SCImage
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.uid import UID, generate_uid

from mmbm.case import Picture
from mmbm.errors import InputError
from mmbm.report.dicom.maker import Maker, dated
from mmbm.text import sentence

__all__ = ["given_film", "made_film", "mark_deidentified", "named_film"]

LEVELS = 65535  # of a film that is made of a picture
Check = Callable[[str], bool]


def _day(text: str) -> bool:
    try:
        return bool(datetime.strptime(text, "%Y%m%d"))
    except ValueError:
        return False


def _short(most: int) -> Check:
    return lambda text: len(text) <= most and text.isprintable() and "\\" not in text


_UID: Check = re.compile(r"(?=.{1,64}$)[0-2](\.(0|[1-9]\d*))+").fullmatch  # type: ignore[assignment]
_TIME: Check = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?").fullmatch  # type: ignore[assignment]
WANTED: dict[str, Check] = {  # what is taken over, where it is valid
    "PatientName": lambda text: (
        all(len(part) <= 64 for part in text.split("=")) and "\\" not in text
    ),
    "PatientID": _short(64),
    "PatientBirthDate": _day,
    "PatientSex": lambda text: text in ("M", "F", "O"),
    "StudyDate": _day,
    "StudyTime": _TIME,
    "StudyID": _short(16),
    "AccessionNumber": _short(16),
    "ReferringPhysicianName": _short(64),
    "StudyInstanceUID": _UID,
    "SeriesInstanceUID": _UID,
    "SOPInstanceUID": _UID,
    "SOPClassUID": lambda text: "Storage" in UID(text).name,
}
MANY = ("Multi-frame", "Angiographic", "Radiofluoroscopic", "Enhanced", "3D")  # of frames
OF_PRIVACY = (
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
)
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


def given_film(source: Dataset | Mapping[str, Any], picture: Picture) -> Dataset:
    """What the objects need of the header of the film that the case was read from.

    Raises InputError where it is another film, or says no UIDs.
    """
    film = Dataset()
    for keyword, valid in WANTED.items():
        value = str(source.get(keyword) or "").strip()
        setattr(film, keyword, value if valid(value) else "")
    if not all(film.get(keyword) for keyword in NEEDED):
        raise InputError(sentence("report.dicom.no_uids"))
    _like(film, picture)
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
        if all(k in source for k in ("RescaleSlope", "RescaleIntercept")) and keyword in source:
            setattr(film, keyword, source.get(keyword))
    if "RescaleSlope" in film and "RescaleType" not in film:
        film.RescaleType = "US"
    if isinstance(source, Dataset) and all(
        source.get(keyword) not in (None, "") for keyword in ("WindowCenter", "WindowWidth")
    ):
        film.WindowCenter, film.WindowWidth = source.WindowCenter, source.WindowWidth
    for keyword in OF_PRIVACY:
        if keyword in source:
            setattr(film, keyword, source.get(keyword))
    return film


def named_film(picture: Picture) -> Dataset | None:
    """The same of what was read of the header; None where it does not name the film."""
    study = picture.study
    told = {
        "PatientName": study.patient_name,
        "PatientID": study.patient_id,
        "PatientBirthDate": study.birth_date,
        "PatientSex": {"male": "M", "female": "F"}.get(picture.patient.sex, ""),
        "StudyDate": study.study_date,
        "StudyTime": study.study_time,
        "StudyID": study.study_id,
        "AccessionNumber": study.accession,
        "ReferringPhysicianName": study.referring,
        "StudyInstanceUID": study.study_uid,
        "SeriesInstanceUID": study.series_uid,
        "SOPInstanceUID": study.instance_uid,
        "SOPClassUID": study.class_uid,
    }
    try:
        return given_film(told, picture)
    except InputError:
        return None


def _like(film: Dataset, picture: Picture) -> None:
    """Size and sense of the pixels as the file stores them."""
    rows, columns = picture.pixels.shape
    if "transposed" in picture.turned:
        rows, columns = columns, rows
    film.Rows, film.Columns, film.Modality = rows, columns, picture.dicom_modality or "OT"
    film.SamplesPerPixel = 3 if picture.photometric.startswith(("RGB", "YBR")) else 1
    film.PhotometricInterpretation = picture.photometric or "MONOCHROME2"
    if picture.frames > 1 and any(word in UID(film.SOPClassUID).name for word in MANY):
        film.NumberOfFrames = picture.frames


def made_film(picture: Picture, maker: Maker, study: Dataset | None = None) -> Dataset:
    """The picture as a Secondary Capture, upright; in a new study where none is given."""
    low, high = float(picture.pixels.min()), float(picture.pixels.max())
    slope = max(high - low, 1e-6) / LEVELS
    stored = ((picture.pixels - low) / slope).round().astype(np.uint16)
    seed = sha256(np.ascontiguousarray(stored).tobytes()).hexdigest()
    uids = [str(generate_uid(entropy_srcs=[seed, what])) for what in ("study", "series", "film")]
    about = study if study is not None else _nobody(seed)
    if study is None:
        about.StudyInstanceUID = uids[0]
    film = SCImage(
        pixel_array=stored,
        photometric_interpretation="MONOCHROME2",
        bits_allocated=16,
        coordinate_system="PATIENT",
        study_instance_uid=about.StudyInstanceUID,
        series_instance_uid=uids[1],
        series_number=900,
        sop_instance_uid=uids[2],
        instance_number=1,
        manufacturer=maker.manufacturer,
        patient_id=about.PatientID,
        patient_name=about.PatientName,
        patient_birth_date=about.PatientBirthDate,
        patient_sex=about.PatientSex,
        accession_number=about.AccessionNumber,
        study_id=about.StudyID,
        study_date=about.StudyDate,
        study_time=about.StudyTime,
        referring_physician_name=about.ReferringPhysicianName,
        patient_orientation=picture.orientation if all(picture.orientation) else ("L", "F"),
        specific_character_set="ISO_IR 192",
    )
    if picture.windows:
        window = picture.windows[0]
        film.WindowCenter = f"{(window.center - low) / slope:.6g}"
        film.WindowWidth = f"{max(window.width / slope, 1.0):.6g}"
    maker.sign(film)
    dated(film, maker.made)
    if maker.made is None:
        mark_deidentified(film)
    return film


def _nobody(seed: str) -> Dataset:
    """Of a patient of whom nothing is said."""
    about = Dataset()
    for keyword in WANTED:
        setattr(about, keyword, "")
    about.PatientID = f"MMBM{seed[:12].upper()}"
    about.StudyDate, about.StudyTime = "19000101", "000000"
    return about


def mark_deidentified(dataset: Any) -> None:
    """That nothing in an object leads to a patient, and by which rules (PS3.15 annex E)."""
    profile = CodedConcept("113100", "DCM", "Basic Application Confidentiality Profile")
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "PS3.15 Basic Application Confidentiality Profile"
    dataset.DeidentificationMethodCodeSequence = [profile]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
