from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.evaluate import extract
from mmbm.model.network import MultimodalBigModel
from mmbm.train.refit import SMOOTH, Turn, refit
from tests.made_cases import TINY, write_manifest


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    manifest = read_manifest(write_manifest(tmp_path_factory.mktemp("refit"), 48))
    texts = read_texts(manifest)
    return read_corpus(manifest, texts, TINY, {"notes": train_tokenizer(texts, 200)})


def telling(corpus, seed=0):
    """Features of which the image's first number tells the first label, with noise."""
    draw = torch.Generator().manual_seed(seed)
    features = torch.randn(len(corpus), 3, TINY.features, generator=draw)
    features[:, 0, 0] += 3 * (corpus.labels[:, 0] - 0.5)
    return features * corpus.present[..., None]


def network_of():
    torch.manual_seed(0)
    return MultimodalBigModel(TINY).eval()


def test_it_finds_what_a_logistic_regression_finds(corpus):
    features, only = telling(corpus), (True, False, False)
    network = network_of()
    turn = refit(network, corpus, features, ridge=1e-3, stiffness=1.0, heard=only)
    mine = corpus.present[:, 0].numpy()
    labels = corpus.labels[mine, 0].numpy()
    turned = turn(features, corpus.present & torch.tensor(only))
    logits = network.readout().logits(turned)[mine, 0].numpy()
    alone = features[mine, 0].numpy()
    other = LogisticRegression(C=1.0).fit(alone, labels).decision_function(alone)
    assert np.corrcoef(logits, other)[0, 1] > 0.9
    assert np.abs(logits).max() < np.log((1 - SMOOTH) / SMOOTH) + 3  # smoothed labels hold it back


@pytest.mark.slow
def test_the_same_seed_gives_the_same_head(corpus):
    first, second = network_of(), network_of()
    for network in (first, second):
        refit(network, corpus, telling(corpus), seed=3)
    assert torch.equal(first.head.weight, second.head.weight)


def test_only_the_ends_of_the_branches_change(corpus):
    before, network = network_of().state_dict(), network_of()
    refit(network, corpus, telling(corpus))
    for name, weight in network.state_dict().items():
        end = (
            name.startswith(("head.", "fusion.", "event_heads.", "normalise.")) or "project" in name
        )
        assert torch.equal(weight, before[name]) != end or "tracked" in name, name


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["weighted_sum", "gated", "concat"])
def test_the_network_gives_the_turned_features_itself(corpus, kind):
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY.model_copy(update={"fusion": kind})).eval()
    before = extract(network, corpus, torch.device("cpu"))
    turned = refit(network, corpus, before.features)(before.features, before.present)
    after = extract(network, corpus, torch.device("cpu"))
    assert torch.allclose(after.features, turned, atol=2e-3)
    assert np.allclose(after.sounds, before.sounds, atol=1e-3, equal_nan=True)
    assert not turned[~corpus.present].any()


def test_turned_features_are_standard(corpus):
    network = network_of()
    features = telling(corpus) * 3 + corpus.present[..., None]
    weight = corpus.present.float()
    draw = torch.Generator().manual_seed(2)
    matrix = torch.randn(3, TINY.features, TINY.features, generator=draw)
    turned = Turn.of(matrix, features, weight, torch.ones(3, dtype=torch.bool))(
        features, corpus.present
    )
    for i in range(3):
        mine = turned[corpus.present[:, i], i]
        assert mine.mean(0) == pytest.approx(0.0, abs=1e-4)
        assert mine.std(0, unbiased=False).numpy() == pytest.approx(1.0, abs=1e-3)
    assert network.config.features == matrix.shape[1]
