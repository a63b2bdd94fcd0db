from __future__ import annotations

import numpy as np
import pytest

from mmbm.evaluate.calibration import (
    calibration_floor,
    debiased_calibration_error,
    expected_calibration_error,
    fit_platt,
    fit_scales,
    reliability,
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_platt_recovers_scale_and_shift():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < sigmoid(0.5 * logits - 1.0)).astype(float)
    scale, shift = fit_platt(logits, labels, np.ones_like(labels))
    assert scale == pytest.approx(0.5, abs=0.03) and shift == pytest.approx(-1.0, abs=0.05)


def test_platt_leaves_alone_what_it_cannot_fit():
    few = np.array([0.0, 1.0, 2.0])
    assert fit_platt(few, np.array([0.0, 1.0, 1.0]), np.ones(3)) == (1.0, 0.0)
    rng = np.random.default_rng(0)
    logits = rng.normal(size=200)
    upside_down = (logits < 0).astype(float)
    assert fit_platt(logits, upside_down, np.ones(200)) == (1.0, 0.0)


def test_calibration_error_by_hand():
    probabilities = np.array([0.1, 0.1, 0.9, 0.9])
    labels = np.array([0.0, 1.0, 1.0, 1.0])
    assert expected_calibration_error(probabilities, labels, bins=2) == pytest.approx(0.25)
    curve = reliability(probabilities, labels, bins=2)
    assert curve == [
        {"mean_probability": 0.1, "fraction": 0.5, "n": 2},
        {"mean_probability": 0.9, "fraction": 1.0, "n": 2},
    ]


def test_the_order_of_cases_of_one_probability_says_nothing():
    """A constant is as far from the truth as its one fraction is, however the cases are sorted."""
    labels = np.repeat([0.0, 1.0], [60, 40])
    constant = np.full(100, 0.5)
    for sorted_ in (labels, labels[::-1]):
        assert expected_calibration_error(constant, sorted_) == pytest.approx(0.1)
        assert {b["fraction"] for b in reliability(constant, sorted_)} == {0.4}
    shared = np.repeat([0.2, 0.4, 0.8], [30, 30, 40])
    forth = reliability(shared, labels)
    assert forth == reliability(shared[::-1], labels[::-1]) and forth[5]["fraction"] == 0.0


def test_scales_recover_what_each_modality_is_worth():
    rng = np.random.default_rng(0)
    contributions = rng.normal(0, 1.5, (30_000, 3))
    contributions[:10_000, 1] = 0.0  # absent
    labels = rng.random(30_000) < sigmoid(contributions @ [1.5, 0.5, 0.0] + 0.3 - 0.8)
    scales, shift = fit_scales(contributions, 0.3, labels.astype(float), np.ones(30_000))
    assert scales == pytest.approx([1.5, 0.5, 0.0], abs=0.05)
    assert shift == pytest.approx(-0.8, abs=0.05)


def test_scales_stay_where_there_is_nothing_to_fit_and_never_turn_a_modality_round():
    rng = np.random.default_rng(0)
    contributions = rng.normal(size=(400, 3))
    contributions[:, 2] = 0.0
    upside_down = (contributions[:, 0] < 0).astype(float)
    scales, _ = fit_scales(contributions, 0.0, upside_down, np.ones(400))
    assert scales[0] == 0.0 and scales[2] == pytest.approx(1.0, abs=1e-4)
    scales, shift = fit_scales(
        contributions[:15], 0.0, np.array([1.0] * 9 + [0.0] * 6), np.ones(15)
    )
    assert list(scales) == [1, 1, 1] and shift == 0.0


def test_a_perfect_model_shows_the_floor_and_no_debiased_error():
    rng = np.random.default_rng(0)
    probabilities = sigmoid(rng.normal(0, 2, (200, 150)))
    labels = (rng.random((200, 150)) < probabilities).astype(float)
    pairs = list(zip(probabilities, labels, strict=True))
    seen = np.mean([expected_calibration_error(p, y) for p, y in pairs])
    floor = np.mean([calibration_floor(p, draws=20) for p, _ in pairs[:20]])
    assert floor == pytest.approx(seen, abs=0.01) and floor > 0.04
    assert np.mean([debiased_calibration_error(p, y) for p, y in pairs]) < 0.5 * seen


def test_the_debiased_error_still_sees_a_real_one():
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.2, 0.8, 5000)
    labels = (rng.random(5000) < probabilities + 0.1).astype(float)
    assert debiased_calibration_error(probabilities, labels) == pytest.approx(0.1, abs=0.02)
