from __future__ import annotations

import numpy as np
import pytest

from mmbm.trust.calibration import expected_calibration_error, fit_platt, reliability


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
