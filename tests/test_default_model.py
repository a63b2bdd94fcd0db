"""The shipped model and samples: complete, small enough, and what their card says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mmbm
from mmbm.card import read_card
from mmbm.card.lineage import read_lineage
from mmbm.case import MODALITIES, Case
from mmbm.evaluate.golden import read_golden, sample_logits
from mmbm.explain.ledger import ledger
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from mmbm.storage import assets_folder, checksums

SAMPLES = assets_folder() / "samples"
READERS = {"image.dcm": read_picture, "notes.txt": read_notes, "sound.wav": read_sound}


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load("default", "cpu")


def test_it_scores_what_it_promises(predictor):
    assert predictor.config.findings == ("pneumonia", "no_finding", "viral")
    assert predictor.config.modalities == MODALITIES
    assert len(predictor.config.audio.events) == 8


def test_its_record_is_of_these_weights(predictor):
    card = read_card(predictor.folder)
    assert card.evaluation is not None
    assert card.evaluation.model.sha256 == predictor.identity.sha256
    assert {"siim", "nih", "kermany"} <= card.evaluation.by_source.keys()
    assert set(card.evaluation.leave_one_source_out) == {"nih"}
    assert len(card.evaluation.by_modalities) == 7
    assert "assembled" in card.markdown and "Not assessed" in card.markdown


def test_its_record_has_no_faults_and_its_numbers_have_not_moved(predictor):
    """Where this fails on purpose: raise PIPELINE_VERSION and evaluate again."""
    assert read_card(predictor.folder).faults == ()
    stored, now = read_golden(predictor.folder), sample_logits(predictor)
    assert len(stored) == 3 and stored.keys() == now.keys()
    for name, logits in stored.items():
        assert now[name] == pytest.approx(logits, abs=1e-5), name


def test_an_edited_docstring_leaves_its_record_whole(tmp_path):
    package = Path(mmbm.__file__).parent
    copy = shutil.copytree(package, tmp_path / "mmbm", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "assets").symlink_to(assets_folder())
    for source in copy.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace('"""', '"""Edited. ', 1), encoding="utf-8")
    said = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import mmbm; from mmbm.card import read_card; from mmbm.model.checkpoint import find;"
            "print(mmbm.__doc__[:7], mmbm.__file__, *read_card(find('default')).faults)",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.split() == ["Edited.", str(copy / "__init__.py")]


def test_its_card_tells_every_stage(predictor):
    card = read_card(predictor.folder)
    stages = read_lineage(card.facts)
    kinds = [stage.kind for stage in stages]
    assert set(kinds) == {"train", "average", "graft", "calibrate", "convert"}
    assert kinds[-3:] == ["graft", "calibrate", "convert"]
    told = (predictor.folder / "training.md").read_text(encoding="utf-8")
    for command in ("films_on_device.py", "sounds_on_device.py", "mmbm graft", "--hold image"):
        assert command in told
    assert stages[-1].sha256 == ""  # its own weights, which the card names


def test_the_assets_are_small_enough():
    folder = assets_folder()
    size = sum(path.stat().st_size for path in (folder / "models").rglob("*") if path.is_file())
    assert size <= 40 * 2**20
    listed = checksums(checkpoint.find("default"))
    assert {"card.json", "evaluation.json", "sanity.jsonl", "model.safetensors"} <= listed.keys()


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
