"""Analyses of made cases by the tiny model, one a session."""

import pytest

from mmbm.analysis import analyse
from mmbm.predict import load
from tests.made_files import dicom
from tests.made_reports import film_case, without_picture

UIDS = {
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.2",
    "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.3",
    "PatientName": "Mustermann^Erika",
    "PatientID": "Pat-17a",
    "PatientBirthDate": "19600203",
    "PatientSex": "F",
    "StudyDate": "20260303",
    "StudyTime": "101112",
    "StudyID": "S5",
    "AccessionNumber": "Acc-99",
    "ReferringPhysicianName": "Nightingale^F",
}


@pytest.fixture(scope="session")
def predictor(tiny_model_dir):
    return load(tiny_model_dir, "cpu")


@pytest.fixture(scope="session")
def made(predictor):
    """Of a picture that no header names."""
    return analyse(film_case(), predictor)


@pytest.fixture(scope="session")
def film():
    """A DICOM film's bytes, with a whole header."""
    return dicom(WindowCenter=2000, WindowWidth=3000, **UIDS)


@pytest.fixture(scope="session")
def named(predictor, film):
    """Of that film."""
    return analyse(film_case(film), predictor)


@pytest.fixture(scope="session")
def told_only(predictor):
    """Of notes alone."""
    return analyse(without_picture(), predictor)
