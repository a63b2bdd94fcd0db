from __future__ import annotations

import math

import numpy as np
import pytest

from mmbm.errors import ConfigError
from mmbm.model.facts import Calibrated, calibrated_at
from mmbm.trust.prevalence import AS_CALIBRATED, Prevalences, counted, facts_of

SIXTY = {"pneumonia": Calibrated(0.6, {"siim": (100, 72)})}


def logit(p):
    return math.log(p / (1 - p))


def test_bayes_by_hand():
    # a test of sensitivity 0.9 and specificity 0.8 that is positive: odds of 4.5 times the prior's
    at_60 = 0.9 * 0.6 / (0.9 * 0.6 + 0.2 * 0.4)
    at_5 = 0.9 * 0.05 / (0.9 * 0.05 + 0.2 * 0.95)
    found = Prevalences(SIXTY, {"pneumonia": 0.05}).probability("pneumonia", logit(at_60))
    assert found == pytest.approx(at_5, abs=1e-12)


def test_cases_drawn_at_another_prevalence_bear_it_out():
    rng = np.random.default_rng(0)

    def cases(share, n=400_000):
        ill = rng.random(n) < share
        return ill, rng.normal(np.where(ill, 1.0, -1.0), 1.0)  # log-likelihood ratio 2x

    ill, seen = cases(0.1)
    moved = Prevalences(SIXTY, {"pneumonia": 0.1})
    said = np.array([moved.probability("pneumonia", 2 * x + logit(0.6)) for x in seen[:40_000]])
    assert said.mean() == pytest.approx(0.1, abs=0.005)
    for low, high in ((0.05, 0.2), (0.4, 0.6), (0.8, 0.95)):
        some = (said > low) & (said < high)
        assert ill[:40_000][some].mean() == pytest.approx(said[some].mean(), abs=0.03)


def test_nothing_moves_as_calibrated_nor_at_the_same_prevalence():
    for unmoved in (AS_CALIBRATED, Prevalences(SIXTY, {"pneumonia": 0.6})):
        assert unmoved.shift("pneumonia") == 0.0
        assert unmoved.probability("pneumonia", logit(0.3)) == pytest.approx(0.3, abs=1e-12)
    assert Prevalences(SIXTY, {"pneumonia": 0.1}).shift("viral") == 0.0


@pytest.mark.parametrize("extreme", [-1000.0, 1000.0])
def test_no_logit_is_too_large(extreme):
    found = Prevalences(SIXTY, {"pneumonia": 0.001}).probability("pneumonia", extreme)
    assert found == (extreme > 0)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 5.0, math.nan])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ConfigError, match=r"between 0 and 1, such as 0\.05"):
        Prevalences(SIXTY, {"pneumonia": share})


def test_a_finding_without_a_stated_prevalence_is_refused():
    with pytest.raises(ConfigError, match=r"of 'viral' cannot be changed.*for: pneumonia"):
        Prevalences(SIXTY, {"viral": 0.5})


def test_cases_are_counted_once_and_weighed_as_in_the_fit():
    # case 0 was fitted twice, alone and with its note; its source weighs twice as much a case
    labels, weights = np.array([1.0, 1.0, 0.0, 0.0]), np.array([2.0, 2.0, 1.0, 1.0])
    found = counted(labels, weights, np.array([0, 0, 1, 2]), np.array(["a", "b", "b"]))
    assert found == Calibrated(4 / 6, {"a": (1, 1), "b": (2, 0)})


def test_a_card_holds_what_was_counted():
    assert calibrated_at({"calibration": facts_of(SIXTY)}) == SIXTY
    assert calibrated_at({}) == {}
