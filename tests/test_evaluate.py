from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from mmbm.card import read_card
from mmbm.evaluate import figures, weighted_aurocs

RNG = np.random.default_rng(0)


def test_weighted_auroc_agrees_with_sklearn():
    scores = RNG.random(80).round(1)  # many ties
    labels = (RNG.random(80) < 0.4).astype(float)
    weights = RNG.integers(0, 4, (5, 80)).astype(float)
    found = weighted_aurocs(scores, labels, weights)
    for row, value in zip(weights, found, strict=True):
        assert value == pytest.approx(roc_auc_score(labels, scores, sample_weight=row), abs=1e-12)


def test_figures_agree_with_sklearn():
    scores, labels = RNG.random(60), (RNG.random(60) < 0.5).astype(float)
    patients = np.array([str(i // 2) for i in range(60)])
    found, called = figures(scores, labels, patients), scores >= 0.5
    assert (found["n"], found["patients"], found["positives"]) == (60, 30, int(labels.sum()))
    assert found["auroc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["precision"] == pytest.approx(precision_score(labels, called))
    assert found["recall"] == pytest.approx(recall_score(labels, called))
    assert found["f1"] == pytest.approx(f1_score(labels, called))
    assert found["auroc_ci"][0] < found["auroc"] < found["auroc_ci"][1]


def test_one_label_only_is_not_assessed():
    found = figures(np.array([0.2, 0.9]), np.array([1.0, 1.0]), np.array(["a", "b"]))
    assert found["auroc"] is None and found["auroc_ci"] is None and found["specificity"] is None
    assert found["recall"] == 0.5


def test_the_record_has_its_published_shape(tiny_model_dir):
    record = json.loads((tiny_model_dir / "evaluation.json").read_text())
    fields = {"n", "positives", "auroc", "auroc_ci", "accuracy", "precision", "recall", "f1", "ece"}
    for finding in ("pneumonia", "no_finding"):
        assert fields <= record["overall"][finding].keys()
        assert fields <= record["by_source"]["north"][finding].keys()
        assert fields <= record["by_modalities"]["image+notes"][finding].keys()
    assert len(record["by_modalities"]) == 7
    assert record["by_modalities"]["audio"]["pneumonia"]["n"] < record["overall"]["pneumonia"]["n"]
    assert record["sound_events"]["fine_crackles"]["n"] > 0
    assert record["sound_events"]["wheezing"]["n"] == 0
    json.dumps(record, allow_nan=False)


def test_the_card_holds_the_figures_and_their_limits(tiny_model_dir):
    card = read_card(tiny_model_dir)
    for phrase in (
        "Research use, not a medical device",
        "| north | pneumonia |",
        "Not assessed",
        "bootstrap over patients",
        card.facts["sha256"]["model.safetensors"],
    ):
        assert phrase in card.markdown
    assert list(card.history["epoch"]) == [1, 2]


def test_a_record_of_other_weights_counts_as_none(tiny_model_dir, tmp_path):
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(tiny_model_dir, folder)
    record = json.loads((folder / "evaluation.json").read_text())
    record["model"]["sha256"] = "0" * 64
    (folder / "evaluation.json").write_text(json.dumps(record))
    assert read_card(folder).evaluation is None
