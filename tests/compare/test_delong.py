"""DeLong's covariance against its definition, case by case; net benefit against counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from mmbm.compare.decision import THRESHOLDS, decision, net_benefits
from mmbm.compare.delong import covariance, delong

CLOSE = {"rel": 1e-12, "abs": 1e-12}


def cases(seed, n=60, models=3, steps=12):
    """Scores with ties, and labels."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3 == 0).astype(float)
    scores = np.round((rng.normal(size=(models, n)) + labels) * steps / 6) / steps
    return scores, labels


def by_definition(scores, labels):
    """Every pair of a positive and a negative case, one after the other."""
    k = len(scores)
    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    m, n = len(positive), len(negative)
    above, below = np.zeros((k, m)), np.zeros((k, n))
    for r in range(k):
        for i, p in enumerate(positive):
            for j, q in enumerate(negative):
                a, b = scores[r, p], scores[r, q]
                won = 1.0 if a > b else 0.5 if a == b else 0.0
                above[r, i] += won / n
                below[r, j] += won / m
    areas = above.mean(1)
    found = np.zeros((k, k))
    for r in range(k):
        for s in range(k):
            ten = sum((above[r] - areas[r]) * (above[s] - areas[s])) / (m - 1)
            one = sum((below[r] - areas[r]) * (below[s] - areas[s])) / (n - 1)
            found[r, s] = ten / m + one / n
    return areas, found


@pytest.mark.parametrize("seed", range(3))
def test_the_covariance_is_the_one_of_the_definition(seed):
    scores, labels = cases(seed)
    areas, found = covariance(scores, labels)
    true_areas, true = by_definition(scores, labels)
    assert areas == pytest.approx(true_areas, **CLOSE)
    assert areas == pytest.approx([roc_auc_score(labels, s) for s in scores], **CLOSE)
    assert found == pytest.approx(true, **CLOSE)


def test_the_test_is_normal_in_the_difference():
    scores, labels = cases(4)
    found = delong(scores[0], scores[1], labels)
    areas, v = by_definition(scores[:2], labels)
    error = np.sqrt(v[0, 0] + v[1, 1] - 2 * v[0, 1])
    assert found.difference == pytest.approx(areas[0] - areas[1], **CLOSE)
    assert found.p == pytest.approx(2 * stats.norm.cdf(-abs(found.difference) / error), **CLOSE)
    assert found.ci == pytest.approx(stats.norm.interval(0.95, found.difference, error), rel=1e-9)


def test_two_that_rank_alike_do_not_differ():
    scores, labels = cases(1)
    found = delong(scores[0], 2 * scores[0] + 1, labels)
    assert (found.difference, found.p) == (0.0, 1.0)


def test_one_case_of_a_label_has_no_spread():
    scores, labels = cases(1)
    alone = np.zeros_like(labels)
    alone[0] = 1
    assert delong(scores[0], scores[1], alone) is None


def test_net_benefit_is_what_is_counted():
    rng = np.random.default_rng(0)
    labels = (rng.random(200) < 0.3).astype(float)
    scored = np.round(rng.random(200), 2)  # ties with the thresholds
    found = net_benefits(scored, labels, THRESHOLDS)
    for t, benefit in zip(THRESHOLDS, found, strict=True):
        true = sum((scored >= t) & (labels == 1))
        false = sum((scored >= t) & (labels == 0))
        assert benefit == pytest.approx(true / 200 - false / 200 * t / (1 - t), **CLOSE)


def test_treating_all_is_worth_nothing_at_the_prevalence():
    labels = np.array([1.0] * 3 + [0.0] * 7)
    curves = decision({"perfect": labels}, labels)
    at = curves.thresholds.index(0.3)
    assert curves.treat_all[at] == pytest.approx(0.0, abs=1e-12)
    assert curves.treat_all[0] == pytest.approx(0.3 - 0.7 * 0.01 / 0.99)
    assert set(curves.models["perfect"]) == {0.3}  # all who are ill, nobody in vain


def test_a_perfect_model_beside_a_perfectly_wrong_one_has_no_p_value():
    labels = np.array([0.0, 0.0, 1.0, 1.0])
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    assert delong(scores, 1 - scores, labels) is None
