from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from captum.metrics import infidelity as captum_infidelity
from captum.metrics import sensitivity_max

from mmbm.errors import ModelError
from mmbm.explain.attribution import evidence, weight_shuffled
from mmbm.predict import Predictor
from mmbm.trust.verdict import (
    Check,
    Sanity,
    infidelity,
    read_sanity,
    sanity_of,
    sensitivity,
    verdict,
    write_sanity,
)
from tests.made_cases import case

UNITS = 40
WEIGHTS = np.random.default_rng(0).normal(size=UNITS)


def erase(masks):
    """A logit that is the sum of the units that are left, bent a little."""
    left = (~masks) @ WEIGHTS
    return left + 0.05 * np.sin(left)


def test_the_true_shares_pass_and_their_reverse_fails():
    true = verdict(WEIGHTS, erase, delta=0.001, again=[WEIGHTS * 1.01])
    assert true.state == "pass"
    assert true.deletion < true.random < true.insertion
    assert [c.name for c in true.checks] == ["deletion", "insertion", "stability", "completeness"]
    assert verdict(-WEIGHTS, erase).state == "fail"


def test_shares_drawn_at_random_seldom_pass():
    draw = np.random.default_rng(1)
    states = [verdict(draw.normal(size=UNITS), erase, seed=i).state for i in range(40)]
    assert states.count("pass") <= 1 and states.count("fail") >= 32


def test_the_deletion_curve_by_hand():
    """Three units of 3, 2, 1 erased in that order: after one and after two, 3 and 1 are left."""
    shares = np.array([1.0, 3.0, 2.0])
    found = verdict(shares, lambda masks: (~masks) @ shares)
    counts = [max(1, round(step * 3 / 9)) for step in range(1, 9)]  # 1 1 1 1 2 2 2 3
    assert found.deletion == pytest.approx(np.mean([{1: 3, 2: 1, 3: 0}[n] for n in counts]))
    assert found.insertion == pytest.approx(np.mean([{1: 5, 2: 3, 3: 0}[n] for n in counts]))


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("deletion", 0.001, "pass"),
        ("insertion", 0.03, "caution"),
        ("stability", 0.6, "fail"),
        ("sanity", 0.9, "fail"),
        ("completeness", 0.02, "caution"),
    ],
)
def test_each_check_has_two_limits(name, value, state):
    assert Check(name, value).state == state


def test_one_failing_check_fails_the_map():
    assert verdict(WEIGHTS, erase, delta=0.2).state == "fail"
    assert verdict(WEIGHTS, erase, again=[WEIGHTS * 1.3]).state == "caution"
    assert (
        verdict(WEIGHTS, erase, sanity=Sanity("sha", "pixels", "DeepLIFT", 0.9, 3)).state == "fail"
    )


def test_infidelity_is_captums():
    masks = np.random.default_rng(2).random((30, UNITS)) < 0.3
    rows = iter(masks)

    def left(keep):
        return torch.from_numpy(erase(keep.numpy() < 0.5))

    def perturb(units):
        gone = torch.from_numpy(np.stack([next(rows) for _ in units]).astype(float))
        return gone, units - gone

    theirs = captum_infidelity(
        left,
        perturb,
        torch.ones(1, UNITS, dtype=torch.double),
        torch.from_numpy(WEIGHTS)[None],
        n_perturb_samples=30,
    )
    assert infidelity(WEIGHTS, erase, masks) == pytest.approx(float(theirs[0]), abs=1e-3)


def test_sensitivity_is_captums():
    again = [WEIGHTS + 0.1 * np.random.default_rng(s).normal(size=UNITS) for s in range(5)]
    moved = iter(again)

    def explain(units):
        units = units[0] if isinstance(units, tuple) else units
        first = float(units[0, 0]) == 1.0
        rows = [WEIGHTS] if first else [next(moved) for _ in units]
        return (torch.from_numpy(np.stack(rows)),)

    theirs = sensitivity_max(
        explain, torch.ones(1, UNITS), perturb_func=lambda x: x + 1.0, n_perturb_samples=5
    )
    assert sensitivity(WEIGHTS, again) == pytest.approx(float(theirs[0]), abs=1e-3)


def test_sanity_is_the_mean_rank_correlation_and_is_stored():
    ranks = [np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])]
    other = [np.array([10.0, 200.0, 3000.0]), np.array([2.0, 1.0, 3.0])]
    found = sanity_of("sha", "pixels", "DeepLIFT", list(zip(ranks, other, strict=True)))
    assert found.similarity == pytest.approx((1.0 + 0.5) / 2) and found.cases == 2
    assert Sanity.from_json(found.to_json()) == found
    nothing = [(np.array([1.0, 2.0, 3.0]), np.zeros(3))]
    assert sanity_of("sha", "pixels", "DeepLIFT", nothing).similarity == 0.0
    for line in ("[]", "{", json.dumps({"model": "sha"})):
        with pytest.raises(ModelError, match="is not one that this program wrote"):
            Sanity.from_json(line)


def test_the_stored_checks_are_those_of_the_same_weights(tmp_path):
    mine, other = (Sanity(sha, "words", "DeepLIFT", 0.1, 3) for sha in ("mine", "other"))
    assert read_sanity(tmp_path, "mine") == ()
    path = write_sanity(tmp_path, [mine, other])
    assert read_sanity(tmp_path, "mine") == (mine,)
    path.write_bytes(b"\xff\n")
    with pytest.raises(ModelError, match="is not one that this program wrote"):
        read_sanity(tmp_path, "mine")


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


@pytest.mark.parametrize("over", ["pixels", "words", "bands", "samples"])
def test_a_maps_units_add_up_and_erase_to_the_baseline(predictor, over):
    prediction = predictor.predict(case())
    found = evidence(predictor, prediction, over, "pneumonia", repeats=1)
    none, every = (np.full((1, len(found.shares)), erased) for erased in (False, True))
    fall = float(found.erase(none)[0] - found.erase(every)[0])
    assert float(found.shares.sum()) == pytest.approx(fall, abs=max(found.delta, 1e-4) * 2)
    assert len(found.again) == (0 if over == "words" else 1)
    judged = verdict(found.shares, found.erase, delta=found.delta, again=found.again)
    assert judged.state in ("pass", "caution", "fail") and not math.isnan(judged.random)


def test_shuffled_weights_are_the_same_numbers_in_another_order(predictor):
    shuffled = weight_shuffled(predictor)
    before = predictor.network.encoders["image"].project.weight.detach().flatten().sort().values
    after = shuffled.network.encoders["image"].project.weight.detach().flatten()
    assert torch.equal(after.sort().values, before)
    assert shuffled.predict(case()).findings != predictor.predict(case()).findings
