from __future__ import annotations

import numpy as np
import pytest
import torch

from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.evaluate import Scores, evaluate, operating_points
from mmbm.model import checkpoint
from tests.made_cases import TINY, write_manifest


@pytest.fixture(scope="module")
def scored(tiny_run, tmp_path_factory):
    """The tiny model, sixty cases, and made-up features that tell the label a little."""
    loaded = checkpoint.read(tiny_run / "run" / "model")
    manifest = read_manifest(write_manifest(tmp_path_factory.mktemp("cases"), 60))
    corpus = read_corpus(manifest, read_texts(manifest), loaded.network.config, loaded.tools)
    rng = torch.Generator().manual_seed(0)
    features = torch.randn(60, 3, TINY.features, generator=rng)
    features += 0.4 * (corpus.labels[:, :1, None] - 0.5) * loaded.network.head.weight[0].sign()
    features *= corpus.present[..., None]
    sounds = np.random.default_rng(0).random((60, len(TINY.audio.events)))
    sounds[~corpus.present[:, 2].numpy()] = np.nan
    return loaded.network, corpus, Scores(features, corpus.present, sounds)


def test_the_operating_point_is_the_best_there_is(scored):
    network, corpus, scores = scored
    points = operating_points(network, corpus, scores)
    probabilities = network.readout().logits(scores.features).sigmoid().numpy()
    sources = corpus.manifest.rows["source"].to_numpy()
    for c, finding in enumerate(network.config.findings):
        labels = corpus.labels[:, c].numpy()

        def lower(threshold, scores=probabilities[:, c], labels=labels):
            called = scores >= threshold
            return np.mean(
                [
                    min(
                        called[(sources == s) & (labels == 1)].mean(),
                        1 - called[(sources == s) & (labels == 0)].mean(),
                    )
                    for s in ("north", "south")
                ]
            )

        best = max(lower(t) for t in np.linspace(0, 1, 2001))
        assert lower(points[finding]) == pytest.approx(best, abs=1e-9)


def test_with_few_cases_the_operating_point_stays_at_a_half(scored):
    network, corpus, scores = scored
    labels = corpus.labels.clone()
    corpus.labels[36:] = torch.nan  # ten of either label in no source
    points = operating_points(network, corpus, scores)
    corpus.labels.copy_(labels)
    assert points == dict.fromkeys(network.config.findings, 0.5)


def assembled(corpus, text):
    """The same cases, their parts said to be drawn."""
    rows = corpus.manifest.rows
    rows["assembled"] = text
    rows["age"] = ["3", "30", "70", "", "17"] * 12
    rows["sex"] = ["F", "M", ""] * 20


def test_drawn_parts_are_counted_and_muted(scored):
    network, corpus, scores = scored
    assembled(corpus, "")
    plain = evaluate(network, corpus, scores, {})
    assembled(corpus, "notes+audio")
    drawn = evaluate(network, corpus, scores, {})
    whole = drawn["by_source"]["north"]["pneumonia"]
    assert whole.assembled == whole.n and plain["by_source"]["north"]["pneumonia"].assembled == 0
    assert whole.auroc == plain["by_source"]["north"]["pneumonia"].auroc
    image = drawn["by_source_and_modalities"]["north"]["image"]["pneumonia"]
    assert image.assembled == 0
    assert drawn["real_parts"]["north"]["pneumonia"].auroc == image.auroc
    assert plain["real_parts"]["north"]["pneumonia"].auroc == whole.auroc
    assert drawn["real_pairs"]["pneumonia"] == {} and plain["real_pairs"]["pneumonia"]
    assert "assembled" in drawn["fused_against_single"]["pneumonia"]
    assert "assembled" not in plain["fused_against_single"]["pneumonia"]


def test_subgroups_are_the_cases_that_say_so(scored):
    network, corpus, scores = scored
    assembled(corpus, "notes+audio")
    groups = evaluate(network, corpus, scores, {})["subgroups"]["north"]
    north = corpus.manifest.rows["source"] == "north"
    women = north & (corpus.manifest.rows["sex"] == "F")
    assert groups["sex"]["F"]["pneumonia"].n == women.sum()
    assert set(groups["sex"]) == {"F", "M"}
    assert set(groups["age"]) == {"0–5", "6–17", "18–39", "65+"}
    assert "view" not in groups


def test_the_best_single_part_is_the_one_compared_with(scored):
    network, corpus, scores = scored
    assembled(corpus, "")
    sections = evaluate(network, corpus, scores, {})
    pair = sections["fused_against_single"]["pneumonia"]["north"]
    alone = sections["by_source_and_modalities"]["north"]
    common = [m for m in ("image", "notes") if alone[m]["pneumonia"].n == pair.n]
    assert pair.second == max(common, key=lambda m: alone[m]["pneumonia"].auroc)
    assert pair.difference == pytest.approx(pair.first_auroc - pair.second_auroc)


def test_a_probability_is_no_label_to_test_against(scored):
    network, corpus, scores = scored
    kept = corpus.labels.clone()
    corpus.labels[:10, 0] = 0.8
    found = evaluate(network, corpus, scores, {})["overall"]["pneumonia"]
    corpus.labels.copy_(kept)
    assert found.n == 50
