from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mmbm.model.readout import Readout
from mmbm.train.fit.population import fit_population, fit_spread

D = 3


def drawn(n: int, seed: int = 0):
    """Cases of one finding that hangs on the first number of the first modality."""
    rng = np.random.default_rng(seed)
    features = torch.from_numpy(rng.normal(size=(n, 3, D)))
    chance = 1 / (1 + np.exp(-features[:, 0, 0].numpy() * 1.5))
    return features, (rng.random(n) < chance).astype(float)[:, None], np.arange(n).astype(str)


def readout_of(weight: np.ndarray, bias: float = 0.0) -> Readout:
    return Readout(
        weights=torch.full((3,), 1 / 3, dtype=torch.float64),
        head=torch.from_numpy(weight)[None],
        bias=torch.tensor([bias], dtype=torch.float64),
        scale=torch.ones(1, 3, dtype=torch.float64),
    )


def fitted(fused: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return LogisticRegression(C=1e6, fit_intercept=False).fit(fused, labels).coef_[0]


def test_the_spread_is_that_of_heads_fitted_on_other_patients():
    features, labels, patients = drawn(600)
    fused = features.mean(1).numpy()
    spread = fit_spread(readout_of(fitted(fused, labels[:, 0])), features, labels, patients)
    rng = np.random.default_rng(1)
    others = []
    for _ in range(200):
        some = rng.integers(0, 600, 600)
        others.append(fitted(fused[some], labels[some, 0]))
    assert spread[0].diagonal().sqrt().numpy() == pytest.approx(np.std(others, 0), rel=0.2)


def test_cases_of_one_patient_count_as_one():
    features, labels, patients = drawn(200)
    readout = readout_of(fitted(features.mean(1).numpy(), labels[:, 0]))
    once = fit_spread(readout, features, labels, patients)
    both = (torch.cat([features, features]), *(np.concatenate([v, v]) for v in (labels, patients)))
    twice = fit_spread(readout, *both)
    assert torch.allclose(once, twice, rtol=1e-4)


def test_unknown_labels_teach_nothing_and_few_leave_nan():
    features, labels, patients = drawn(100)
    readout = readout_of(np.ones(D))
    blank = labels.copy()
    blank[50:] = np.nan
    half = fit_spread(readout, features, blank, patients)
    assert torch.allclose(half, fit_spread(readout, features[:50], labels[:50], patients[:50]))
    assert fit_spread(readout, features[:10], labels[:10], patients[:10]).isnan().all()


def test_the_population_holds_percentiles_of_what_is_present():
    shown = torch.arange(300.0).reshape(100, 1, 3)
    present = torch.ones(100, 3, dtype=torch.bool)
    present[5:, 2] = False
    found = fit_population(shown, present)
    assert found[0, 0, 50] == pytest.approx(np.percentile(shown[:, 0, 0], 50))
    assert found[0, 1, 100] == shown[-1, 0, 1]
    assert found[0, 2].isnan().all()


def test_the_deviation_is_that_of_the_contribution():
    rng = np.random.default_rng(3)
    features, _, _ = drawn(1)
    root = rng.normal(size=(D, D))
    spread = torch.from_numpy(root @ root.T)[None]
    readout = readout_of(np.ones(D))
    heads = torch.from_numpy(1 + rng.normal(size=(20000, D)) @ root.T)
    shown = readout.weights[0] * heads @ features[0, 0]
    deviation = readout.deviations(features[0], spread)[0, 0]
    assert float(deviation) == pytest.approx(float(shown.std()), rel=0.05)
