from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmbm.evaluate.assess import coverage, risk
from mmbm.evaluate.run import run_evaluation


def test_coverage_by_hand():
    inside = np.array([[1, 0], [1, 1], [0, 0], [0, 1.0]])  # no, both, none, yes
    found = coverage(inside, np.array([0, 1, 1, 0.0]))
    assert found == {
        "n": 4,
        "coverage": 0.5,
        "coverage_yes": 0.5,
        "coverage_no": 0.5,
        "one": 0.5,
        "both": 0.25,
        "none": 0.25,
    }
    assert coverage(inside[:1], np.zeros(1))["coverage_yes"] is None


def test_risk_counts_sure_answers_alone():
    inside = np.array([[1, 0], [0, 1], [1, 1], [0, 1.0]])
    found = risk(inside, np.array([0.1, 0.9, 0.7, 0.8]), np.array([0, 1, 0, 0.0]))
    assert found["answered"] == 0.75
    assert found["error_answered"] == pytest.approx(1 / 3)
    assert found["error_all"] == 0.5
    assert risk(inside[2:3], np.array([0.7]), np.zeros(1))["error_answered"] is None


def test_the_record_says_how_trust_did(tiny_run, tiny_model_dir, tmp_path):
    for i in range(3):
        noise = np.random.default_rng(i).integers(0, 255, (96, 96), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{i}.png")
    (tmp_path / "note.txt").write_text("Пациент жалуется на кашель.", encoding="utf-8")
    rows = [f"noise,image,{i}.png" for i in range(3)] + ["Russian,notes,note.txt"]
    (tmp_path / "odd.csv").write_text("\n".join(["kind,modality,path", *rows]), encoding="utf-8")
    seen = []
    record = run_evaluation(
        tiny_run / "cases" / "manifest.csv",
        tiny_model_dir,
        device="cpu",
        reading=lambda what, done, of: seen.append((what, done, of)),
        odd=tmp_path / "odd.csv",
    )
    assert ("odd", 4, 4) in seen
    kinds = record.shift["kinds"]
    assert kinds["noise"]["n"] == 3 and kinds["noise"]["modality"] == "image"
    assert kinds["Russian"]["auroc_by_source"] == {"north": 1.0, "south": 1.0}
    assert kinds["Russian"]["auroc"] == 1.0 and kinds["Russian"]["flagged"] == 1.0
    alarms = record.shift["false_alarms"]
    assert set(alarms) == {"image", "notes", "audio"}
    assert all(
        0 <= group["flagged"] <= 1 for groups in alarms.values() for group in groups.values()
    )
    for finding in ("pneumonia", "no_finding"):
        warned = record.disagreement[finding]
        assert 0 <= warned["warned"] <= warned["n"]
