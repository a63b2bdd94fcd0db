"""The shipped model and samples: complete, small enough, and what their card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmbm.card import read_card
from mmbm.case import MODALITIES, Case
from mmbm.explain.ledger import ledger
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.model import checkpoint
from mmbm.predict import Predictor

SAMPLES = checkpoint.assets_folder() / "samples"
READERS = {"image.dcm": read_picture, "notes.txt": read_notes, "sound.wav": read_sound}


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load("default", "cpu")


def test_it_scores_what_it_promises(predictor):
    assert {"pneumonia", "no_finding"} <= set(predictor.config.findings)
    assert len(predictor.config.sound_events) == 6


def test_its_record_is_of_these_weights(predictor):
    card = read_card(predictor.folder)
    assert card.evaluation is not None
    assert card.evaluation.model.sha256 == predictor.identity.sha256
    assert {"nih", "kermany"} <= card.evaluation.by_source.keys()
    assert len(card.evaluation.by_modalities) == 7
    assert "assembled" in card.markdown and "Not assessed" in card.markdown


def test_the_assets_are_small_enough():
    folder = checkpoint.assets_folder()
    size = sum(path.stat().st_size for path in (folder / "models").rglob("*") if path.is_file())
    assert size <= 40 * 2**20
    assert json.loads((checkpoint.find("default") / "card.json").read_text())["sha256"]


@pytest.mark.parametrize("folder", sorted(SAMPLES.glob("*/")), ids=lambda p: Path(p).name)
def test_each_sample_is_read_and_accounted_for(predictor, folder):
    parts = [read((folder / name).read_bytes(), name) for name, read in READERS.items()]
    prediction = predictor.predict(Case(*parts))
    assert prediction.present == MODALITIES
    for entry in ledger(prediction):
        assert entry.residual <= 1e-5


def test_the_samples_are_told_apart(predictor):
    """A clear film with a healthy note must score below an opacity with a sick one."""

    def pneumonia(name):
        parts = [read((SAMPLES / name / f).read_bytes(), f) for f, read in READERS.items()]
        return next(f for f in predictor.predict(Case(*parts)).findings if f.name == "pneumonia")

    assert pneumonia("adult-clear").probability < pneumonia("adult-opacity").probability
