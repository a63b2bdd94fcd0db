from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mmbm.data.corpus import read_corpus, read_texts
from mmbm.data.manifest import read_manifest
from mmbm.model.network import MultimodalBigModel
from mmbm.model.notes import train_tokenizer
from mmbm.train.refit import SMOOTH, refit
from tests.made_cases import TINY, write_manifest


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    manifest = read_manifest(write_manifest(tmp_path_factory.mktemp("refit"), 48))
    texts = read_texts(manifest)
    return read_corpus(manifest, texts, TINY, train_tokenizer(texts, 200))


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
    refit(network, corpus, features, ridge=1e-3, heard=only)
    mine = corpus.present[:, 0].numpy()
    labels = corpus.labels[mine, 0].numpy()
    logits = network.readout().logits(features * torch.tensor(only)[:, None])[mine, 0].numpy()
    alone = features[mine, 0].numpy()
    other = LogisticRegression(C=1.0).fit(alone, labels).decision_function(alone)
    assert np.corrcoef(logits, other)[0, 1] > 0.9
    assert np.abs(logits).max() < np.log((1 - SMOOTH) / SMOOTH) + 3  # smoothed labels hold it back


def test_the_same_seed_gives_the_same_head(corpus):
    first, second = network_of(), network_of()
    for network in (first, second):
        refit(network, corpus, telling(corpus), seed=3)
    assert torch.equal(first.head.weight, second.head.weight)


def test_nothing_but_fusion_and_head_changes(corpus):
    before, network = network_of().state_dict(), network_of()
    refit(network, corpus, telling(corpus))
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, before[name]) != name.startswith(("head.", "fusion.")), name
