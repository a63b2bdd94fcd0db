"""Studies as an archive holds them: DICOM files of made-up pictures."""

from __future__ import annotations

from functools import cache

import numpy as np

from mmbm.io.header import RADIOGRAPHS
from tests.made_files import dicom
from tests.made_films import chest

CT, MR, DX, SC = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.7",
)


@cache
def greys():
    """(320, 280) uint16 of 12 bits."""
    return (chest(320, 280) * 4095).astype(np.uint16)


def file(study: int, series: int, number: int, **attributes) -> bytes:
    """One file of study 1.2.3.<study>, accession number A<study>, patient P<study>."""
    series_uid = f"1.2.3.{study}.{series}"
    given = {
        "StudyInstanceUID": f"1.2.3.{study}",
        "SeriesInstanceUID": series_uid,
        "SOPInstanceUID": f"{series_uid}.{number}",
        "SeriesNumber": series,
        "InstanceNumber": number,
        "AccessionNumber": f"A{study}",
        "PatientID": f"P{study}",
        "StudyDate": f"202601{study:02d}",
        "PatientName": "Secret^Patient",
    }
    return dicom(greys(), **{**given, **attributes})


def film(study: int, series: int = 1, number: int = 1, **attributes) -> bytes:
    """A frontal chest X-ray of a digital detector."""
    dx = {
        "SOPClassUID": DX,
        "Modality": "DX",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "PresentationIntentType": "FOR PRESENTATION",
        "PatientOrientation": ["L", "F"],
    }
    return file(study, series, number, **{**dx, **attributes})


def slice_of(study: int, modality: str, series: int = 1, number: int = 1) -> bytes:
    """A slice of a CT or MR series."""
    assert modality not in RADIOGRAPHS
    kind = {"CT": CT, "MR": MR}.get(modality, SC)
    return file(study, series, number, SOPClassUID=kind, Modality=modality, ViewPosition=None)


def result(study: int, number: int) -> bytes:
    """What may be sent back into a study: a secondary capture."""
    return file(study, 900, number, SOPClassUID=SC, Modality="OT", ImageType=["DERIVED"])
