from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from mmbm.evaluate.metrics import (
    compare,
    figures,
    resample,
    risk_coverage,
    weighted_aurocs,
    weighted_precisions,
)

RNG = np.random.default_rng(0)


def tied(n=80):
    """Scores with many ties, labels, and rows of weights."""
    scores = RNG.random(n).round(1)
    return scores, (RNG.random(n) < 0.4).astype(float), RNG.integers(0, 4, (5, n)).astype(float)


def test_weighted_auroc_agrees_with_sklearn():
    scores, labels, weights = tied()
    for row, value in zip(weights, weighted_aurocs(scores, labels, weights), strict=True):
        assert value == pytest.approx(roc_auc_score(labels, scores, sample_weight=row), abs=1e-12)


def test_weighted_average_precision_agrees_with_sklearn():
    scores, labels, weights = tied()
    for row, value in zip(weights, weighted_precisions(scores, labels, weights), strict=True):
        expected = average_precision_score(labels, scores, sample_weight=row)
        assert value == pytest.approx(expected, abs=1e-12)


def test_a_resample_draws_as_many_patients_and_keeps_their_cases_together():
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    weights = resample(patients, draws=400)
    assert weights.shape == (400, 6)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(1) == 3).all()
    assert weights[:, 2].mean() == pytest.approx(1, abs=0.15)


def test_figures_agree_with_sklearn():
    scores, labels = RNG.random(60), (RNG.random(60) < 0.5).astype(float)
    patients = np.array([str(i // 2) for i in range(60)])
    found, called = figures(scores, labels, patients, threshold=0.4), scores >= 0.4
    assert (found.n, found.patients, found.positives) == (60, 30, int(labels.sum()))
    assert found.auroc == pytest.approx(roc_auc_score(labels, scores))
    assert found.auprc == pytest.approx(average_precision_score(labels, scores))
    assert found.precision == pytest.approx(precision_score(labels, called))
    assert found.recall == pytest.approx(recall_score(labels, called))
    assert found.f1 == pytest.approx(f1_score(labels, called))
    assert found.true_positives == int((labels * called).sum())
    for name in ("auroc", "auprc", "accuracy", "precision", "recall", "specificity", "f1"):
        low, high = found.interval(name)
        assert low < getattr(found, name) < high


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Two films a patient, alike: the AUROC of N(1, 1) against N(0, 1) is 0.7602."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(150):
        labels = np.repeat(np.arange(80) % 2, 2).astype(float)
        scores = np.repeat(rng.normal(size=80), 2) + labels
        patients = np.repeat(np.arange(80), 2).astype(str)
        low, high = figures(scores, labels, patients, floor=False).auroc_ci
        held += low <= 0.7602 <= high
    assert 0.88 <= held / 150 <= 1.0


def test_films_of_one_patient_do_not_narrow_the_interval():
    rng = np.random.default_rng(2)
    labels = (np.arange(60) % 2).astype(float)
    scores = rng.normal(size=60) + labels
    once = figures(scores, labels, np.arange(60).astype(str)).auroc_ci
    four = figures(
        np.repeat(scores, 4), np.repeat(labels, 4), np.repeat(np.arange(60), 4).astype(str)
    ).auroc_ci
    assert four[1] - four[0] == pytest.approx(once[1] - once[0], rel=0.02)


def test_one_label_only_is_not_assessed():
    found = figures(np.array([0.2, 0.9]), np.array([1.0, 1.0]), np.array(["a", "b"]))
    assert found.auroc is None and found.auroc_ci is None and found.auprc is None
    assert found.specificity is None
    assert found.recall == 0.5
    assert found.few


def test_a_score_is_no_better_than_itself_and_noise_is_worse():
    labels = (np.arange(200) % 2).astype(float)
    patients = np.arange(200).astype(str)
    good = labels + RNG.normal(size=200)
    same = compare(("a", good), ("b", good), labels, patients)
    assert same.difference == 0 and same.difference_ci == (0, 0)
    worse = compare(("good", good), ("noise", RNG.normal(size=200)), labels, patients)
    assert worse.difference_ci[0] > 0
    assert worse.difference == pytest.approx(worse.first_auroc - worse.second_auroc)


def test_telling_the_sources_apart_earns_nothing_within_them():
    sources = np.repeat(["a", "b"], 100)
    labels = np.r_[np.arange(100) < 90, np.arange(100) < 10].astype(float)
    source_only = (sources == "a") + 1e-3 * RNG.normal(size=200)
    flat = np.zeros(200)
    patients = np.arange(200).astype(str)
    pooled = compare(("s", source_only), ("0", flat), labels, patients)
    apart = compare(("s", source_only), ("0", flat), labels, patients, sources=sources)
    assert pooled.difference_ci[0] > 0.2
    assert apart.difference_ci[0] < 0 < apart.difference_ci[1]
    assert compare(("s", flat), ("0", flat), np.ones(200), patients) is None


def test_risk_coverage_by_hand():
    # surest first: 0.99 right, 0.02 right, 0.9 wrong, 0.6 right; errors 0, 0, 1/3, 1/4
    probabilities, labels = np.array([0.6, 0.99, 0.9, 0.02]), np.array([1.0, 1.0, 0.0, 0.0])
    curve = risk_coverage(probabilities, labels, np.array(list("abcd")), 0.5)
    assert curve.coverage == (0.25, 0.5, 0.75, 1.0)
    assert curve.risk == pytest.approx((0, 0, 1 / 3, 1 / 4))
    assert curve.area == pytest.approx((1 / 3 + 1 / 4) / 4)
    assert curve.area_ci[0] <= curve.area <= curve.area_ci[1]


def test_cases_that_are_as_sure_come_in_no_order():
    """A constant knows nothing: at any share of the cases it errs as often as among all."""
    labels, patients = np.repeat([0.0, 1.0], [30, 10]), np.arange(40).astype(str)
    for sorted_ in (labels, labels[::-1]):
        curve = risk_coverage(np.full(40, 0.5), sorted_, patients, 0.5)
        assert curve.risk == pytest.approx([0.75] * 40) and curve.area == pytest.approx(0.75)
    scores, truth, _ = tied()
    whose, other = np.arange(len(truth)).astype(str), RNG.permutation(len(truth))
    one, two = (
        risk_coverage(scores[o], truth[o], whose[o], 0.5) for o in (np.arange(len(truth)), other)
    )
    assert one.risk == pytest.approx(two.risk) and one.area == pytest.approx(two.area)


def test_confidence_is_counted_from_the_operating_point():
    probabilities, labels = np.array([0.3, 0.45]), np.array([0.0, 1.0])
    curve = risk_coverage(probabilities, labels, np.array(["a", "b"]), 0.25)
    assert curve.risk == (0.0, 0.5)  # 0.45 is farther from 0.25, and right; 0.3 is called positive


@pytest.mark.slow
def test_a_thousand_draws_of_a_thousand_cases_take_a_moment():
    n = 1500
    labels, scores = (RNG.random(n) < 0.5).astype(float), RNG.random(n)
    patients = RNG.integers(0, 1000, n).astype(str)
    began = time.process_time()
    figures(scores, labels, patients, floor=False)
    assert time.process_time() - began < 2.0
