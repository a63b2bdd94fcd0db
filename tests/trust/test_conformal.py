from __future__ import annotations

import numpy as np
import pytest
import torch

from mmbm.case import MODALITIES
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import coalitions
from mmbm.model.tables import LEVELS, TrustTables
from mmbm.train.fit.thresholds import fit_thresholds, weighted_quantile
from mmbm.trust.conformal import answers
from tests.made_cases import TINY


def test_quantile_by_hand():
    values = np.arange(1.0, 10.0)  # nine: the ninth is at (9 of 9 + 1) 0.9
    even = np.ones(9)
    assert weighted_quantile(values, even, 0.9) == 9.0
    assert weighted_quantile(values[::-1].copy(), even, 0.5) == 5.0
    assert weighted_quantile(values, even, 0.95) == np.inf  # nine cases cannot promise that
    assert weighted_quantile(np.array([1.0, 2.0]), np.array([3.0, 1.0]), 0.5) == 1.0


def made(rng: np.random.Generator, n: int):
    """A readout, features of two sources, labels that are right as often as the readout says."""
    torch.manual_seed(1)
    network = MultimodalBigModel(TINY)
    readout = network.readout()
    features = torch.from_numpy(rng.normal(size=(n, 3, TINY.features))) * 4
    probabilities = readout.logits(features).sigmoid().numpy()
    groups = rng.integers(0, 2, n)
    turned = np.where(groups == 1, 1.0 - probabilities[:, 0], probabilities[:, 0]) / 2 + 0.25
    labels = (rng.random(n)[:, None] < np.c_[turned, turned]).astype(float)
    return readout, features, probabilities, groups, labels


def tables_of(thresholds: torch.Tensor) -> TrustTables:
    none = torch.full((3, 101), torch.nan)
    return TrustTables(MODALITIES, ("a", "b"), {}, none, thresholds, torch.zeros(2, 3, 2))


@pytest.mark.parametrize("level", LEVELS)
def test_answers_hold_the_truth_as_often_as_promised_by_source_and_label(level: float):
    rng = np.random.default_rng(0)
    readout, features, probabilities, groups, labels = made(rng, 8000)
    fit, test = np.arange(4000), np.arange(4000, 8000)
    thresholds = fit_thresholds(
        readout, features[fit], torch.ones(4000, 3, dtype=torch.bool), labels[fit],
        np.ones(4000), groups[fit], 2, MODALITIES.index("image"),
    )  # fmt: skip
    inside = answers(
        tables_of(thresholds),
        level,
        len(coalitions(3)) - 1,
        torch.from_numpy(groups[test]),
        torch.from_numpy(probabilities[test]),
    ).numpy()
    for c in range(2):
        held = inside[np.arange(4000), c, labels[test, c].astype(int)]
        for g in (0, 1):
            for y in (0, 1):
                part = held[(groups[test] == g) & (labels[test, c] == y)]
                slack = 4 * np.sqrt(2 * level * (1 - level) / len(part))  # of fit and of test
                assert part.mean() == pytest.approx(level, abs=slack)


def test_no_answer_is_the_less_likely_label_alone():
    """At thresholds that a rare finding's scores would set: yes from 0.2 on, no up to 0.1."""
    thresholds = torch.zeros(len(LEVELS), 7, 1, 1, 2)
    thresholds[..., 0], thresholds[..., 1] = 0.1, 0.8
    asked = torch.tensor([[0.05], [0.15], [0.3], [0.6]])
    groups = torch.full((4,), -1)
    said = answers(tables_of(thresholds), 0.9, 6, groups, asked)[:, 0].tolist()
    assert said == [[1, 0], [0, 0], [1, 1], [0, 1]]


def test_a_rare_label_has_no_table_and_a_small_source_takes_the_common_one():
    rng = np.random.default_rng(1)
    readout, features, _, groups, labels = made(rng, 300)
    groups[:] = 0
    groups[:10] = 1  # ten cases: fewer than a table needs
    labels[:, 1] = 0
    labels[:5, 1] = 1
    thresholds = fit_thresholds(
        readout, features, torch.ones(300, 3, dtype=torch.bool), labels,
        np.ones(300), groups, 2, MODALITIES.index("image"),
    )  # fmt: skip
    assert thresholds.shape == (len(LEVELS), 7, 3, 2, 2)
    assert thresholds[:, :, 2].isnan().all() and not thresholds[:, :, 0, 0].isnan().any()
    assert thresholds[..., 1, 1].isnan().all()
    everything = len(coalitions(3)) - 1
    asked = torch.tensor([[0.5, 0.5]])
    common, small = (
        answers(tables_of(thresholds), 0.9, everything, torch.tensor([g]), asked) for g in (-1, 1)
    )
    torch.testing.assert_close(common, small, equal_nan=True)
    assert common[0, 1].isnan().any() and not common[0, 0].isnan().any()
