from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import mmbm.record as records
from mmbm.card import read_card
from mmbm.case import MODALITIES
from mmbm.data.manifest import read_manifest
from mmbm.errors import ManifestError, ModelError, UnreadableFile
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.left_out import left_out_of
from mmbm.evaluate.scores import drawn_parts
from mmbm.evaluate.sections import status_of
from mmbm.evaluate.tested import _permuted
from mmbm.record import ALL, parse_record, read_record
from mmbm.record.figures import Figures
from mmbm.storage import put, sign
from tests.made_cases import write_manifest


@pytest.fixture
def copy(tiny_model_dir, tmp_path):
    """A model folder of one's own."""
    return shutil.copytree(tiny_model_dir, tmp_path / "model")


def test_the_record_has_its_published_shape(tiny_model_dir):
    record = read_record(tiny_model_dir)
    for finding in ("pneumonia", "no_finding"):
        for found in (
            record.overall[finding],
            record.by_source["north"][finding],
            record.by_modalities["image+notes"][finding],
            record.real_parts["south"][finding],
        ):
            assert found.n > 0 and found.auroc_ci is not None and found.f1_ci is not None
            assert found.n == sum(
                (
                    found.true_positives,
                    found.false_positives,
                    found.false_negatives,
                    found.true_negatives,
                )
            )
        assert set(record.reliability[finding]) == {ALL, "north", "south"}
        assert record.fused_against_single[finding]["north"].first == "fused"
        assert record.real_pairs[finding]["north"].second == "image"
        assert finding in record.shuffled and finding in record.status
    assert len(record.by_modalities) == 7
    assert record.by_modalities["audio"]["pneumonia"].n < record.overall["pneumonia"].n
    assert record.sound_events["fine_crackles"].n > 0
    assert record.sound_events["wheezing"].n == 0
    assert record.status["pneumonia"].level == "exploratory"
    assert record.status["pneumonia"].sources["north"].startswith("few_")
    assert record.operating_point == "balanced"
    assert record.subgroups["north"] == {}  # the manifest names nobody's sex, age or view
    json.dumps(json.loads((tiny_model_dir / "evaluation.json").read_text()), allow_nan=False)


def test_the_threshold_of_the_card_is_the_one_in_use(tiny_model_dir):
    card = read_card(tiny_model_dir)
    points = card.facts["operating_point"]["thresholds"]
    for finding, point in points.items():
        found = card.evaluation.by_source["north"][finding].threshold
        assert found == pytest.approx(point, abs=1e-5)


def test_whole_and_unchanged_it_has_no_fault(tiny_model_dir):
    assert read_card(tiny_model_dir).faults == ()


def test_a_record_of_other_weights_counts_as_none(copy):
    content = json.loads((copy / "evaluation.json").read_text())
    content["model"]["sha256"] = "0" * 64
    put(copy, "evaluation.json", json.dumps(content).encode())
    card = read_card(copy)
    assert card.evaluation is None and card.faults == ("no_record",)


def test_changed_weights_have_no_record(copy):
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    sign(copy)
    assert read_card(copy).faults == ("no_record",)


def test_changed_trust_tables_or_another_pipeline_are_named(copy, monkeypatch):
    (copy / "trust.safetensors").unlink()
    sign(copy)
    monkeypatch.setattr(records, "PIPELINE_VERSION", 0)
    card = read_card(copy)
    assert card.evaluation is not None and card.faults == ("other_trust", "other_pipeline")


def test_the_hash_of_the_cases_is_over_content_not_place(tmp_path):
    hashes = []
    for name in ("here", "there"):
        manifest = read_manifest(write_manifest(tmp_path / name, 8))
        hashes.append(cases_sha256(manifest))
    assert hashes[0] == hashes[1]
    film = tmp_path / "there" / "film3.png"
    film.write_bytes(film.read_bytes() + b"\0")
    assert cases_sha256(manifest) != hashes[0]


def test_a_damaged_record_is_refused(copy):
    put(copy, "evaluation.json", b'{"model": 3}')
    with pytest.raises(ModelError, match="not an evaluation record"):
        read_card(copy)
    with pytest.raises(UnreadableFile, match="not an evaluation record"):
        parse_record(b"[" * 100_000)


def test_what_a_record_lacks_was_not_assessed():
    few = {
        "model": {"name": "m", "version": "0", "sha256": "0"},
        "mmbm_version": "0.1.0",
        "manifest_sha256": "1",
        "overall": {"pneumonia": {"n": 9, "positives": 3, "auroc": 0.9, "auroc_ci": [0.8, 1.0]}},
    }
    record = parse_record(json.dumps(few))
    assert record.overall["pneumonia"].auprc is None
    assert record.reliability == record.subgroups == {}


def found(low, high, positives=50, n=100):
    return Figures(n=n, positives=positives, auroc=(low + high) / 2, auroc_ci=(low, high))


BOTH = {"a": found(0.61, 0.9), "b": found(0.7, 0.9)}


@pytest.mark.parametrize(
    ("sources", "unseen", "level"),
    [
        (BOTH, {"b": found(0.61, 0.9)}, "across_sources"),
        (BOTH, {}, "within_sources"),
        (BOTH, {"b": found(0.61, 0.9, positives=95)}, "within_sources"),
        (BOTH, {"a": found(0.61, 0.9), "b": found(0.5, 0.6)}, "within_sources"),
        ({"a": found(0.61, 0.9), "b": found(0.59, 0.9)}, {"b": found(0.61, 0.9)}, "one_source"),
        ({"a": found(0.61, 0.9), "b": found(0.7, 0.9, positives=95)}, {}, "one_source"),
        ({"a": found(0.6, 0.9)}, {"b": found(0.61, 0.9)}, "exploratory"),
        ({}, {}, "exploratory"),
    ],
)
def test_the_status_follows_its_rule(sources, unseen, level):
    assert status_of(sources, unseen).level == level


def test_the_status_says_why_a_source_was_not_heard():
    sources = {"a": found(0.7, 0.9, positives=96), "b": found(0.4, 0.6), "c": found(0.7, 0.8)}
    said = status_of(sources, {}).sources
    assert said == {"a": "few_negative", "b": "against", "c": "for"}


def test_what_was_drawn_is_known_by_name():
    assert drawn_parts(np.array(["", "notes", "notes+audio", "yes"]), MODALITIES).tolist() == [
        [False, False, False],
        [False, True, False],
        [False, True, True],
        [False, True, True],
    ]


def test_parts_are_swapped_within_the_source_among_those_that_have_them():
    sources = np.repeat(["a", "b"], 50)
    present = np.arange(100) % 3 > 0
    order = _permuted(sources, present, seed=1)
    assert (sources[order] == sources).all()
    assert (order[~present] == np.flatnonzero(~present)).all()
    assert sorted(order) == list(range(100))
    assert (order != np.arange(100)).sum() > 50


def test_a_model_without_left_out_sources_tells_nothing_of_them(tiny_model_dir):
    with pytest.raises(ManifestError, match="no record of a model trained with"):
        left_out_of([tiny_model_dir])
