"""The shipped model on real films: what must hold for each of them."""

from __future__ import annotations

import csv

import pytest

from mmbm.case import Case
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import last_layer
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.predict import Predictor

pytestmark = pytest.mark.real

NOTE = "58 year old man, three days of fever and productive cough. Denies chest pain."


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load("default", "cpu")


@pytest.fixture(scope="module")
def films(real_data):
    """The chest radiographs of the DICOM collection, by file name."""
    folder = real_data / "dicom"
    with (folder / "index.csv").open(encoding="utf-8") as file:
        names = [r["file"] for r in csv.DictReader(file) if r["expected"].startswith("accept")]
    assert len(names) == 5
    return {name: read_picture((folder / name).read_bytes(), name) for name in names}


@pytest.fixture(scope="module")
def sound(real_data):
    path = sorted((real_data / "audio" / "hls_cmds" / "files").glob("LS_*"))[0]
    return read_sound(path.read_bytes(), path.name)


def test_every_account_adds_up(predictor, films, sound):
    for picture in films.values():
        prediction = predictor.predict(Case(picture, typed_notes(NOTE), sound))
        for entry in ledger(prediction):
            assert entry.residual <= 1e-5
            maps = last_layer(prediction, entry.finding)
            assert maps.values("image").sum() == pytest.approx(
                entry.contributions["image"], abs=1e-4
            )
            assert maps.values("audio").sum() == pytest.approx(
                entry.contributions["audio"], abs=1e-4
            )
            total = sum(word.share for word in maps.values("notes"))
            assert total == pytest.approx(entry.contributions["notes"], abs=1e-4)


def test_both_polarities_of_one_film_agree(predictor, films):
    """The same stored values called MONOCHROME2 and MONOCHROME1: a film and its negative."""
    pair = [p for name, p in films.items() if "torchxrayvision" in name]
    assert {p.photometric for p in pair} == {"MONOCHROME1", "MONOCHROME2"}
    first, second = (predictor.predict(Case(picture)) for picture in pair)
    for a, b in zip(first.findings, second.findings, strict=True):
        assert a.probability == pytest.approx(b.probability, abs=1e-3)
    assert sum("negative" in w for p in (first, second) for w in p.warnings) == 1


def test_a_hip_is_warned_of(predictor, real_data):
    path = next((real_data / "dicom").rglob("RG2_J2KI"))
    warnings = predictor.predict(Case(read_picture(path.read_bytes(), path.name))).warnings
    assert any("chest" in warning for warning in warnings)
