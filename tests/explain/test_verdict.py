from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from captum.metrics import infidelity as captum_infidelity
from captum.metrics import sensitivity_max
from scipy.stats import t

from mmbm.errors import ModelError
from mmbm.explain.attribution import evidence, space_of, weight_shuffled
from mmbm.explain.attribution.judged import grid_of
from mmbm.explain.verdict import (
    CURVES,
    ORDERS,
    STEPS,
    Check,
    Sanity,
    _random_order,
    infidelity,
    read_sanity,
    sanity_of,
    sensitivity,
    verdict,
    write_sanity,
)
from mmbm.predict import Predictor
from mmbm.storage import put
from tests.made_cases import case

UNITS = 40
WEIGHTS = np.random.default_rng(0).normal(size=UNITS)


def erase(masks):
    """A logit that is the sum of the units that are left, bent a little."""
    left = (~masks) @ WEIGHTS
    return left + 0.01 * np.sin(left)


def test_the_true_shares_pass_and_their_reverse_fails():
    true = verdict(WEIGHTS, erase, delta=0.001, again=[WEIGHTS * 1.01])
    assert true.state == "pass"
    assert true.deletion < true.random < true.insertion
    names = ["deletion", "insertion", "contrast", "stability", "completeness"]
    assert [c.name for c in true.checks] == names
    assert verdict(-WEIGHTS, erase).state == "fail"


def test_shares_drawn_at_random_seldom_pass():
    draw = np.random.default_rng(1)
    states = [verdict(draw.normal(size=UNITS), erase, seed=i).state for i in range(400)]
    assert states.count("pass") <= 8 and states.count("fail") >= 380  # of 4 and 390 by the limits


def test_a_verdict_costs_as_many_calls_as_it_says():
    rows = []
    verdict(WEIGHTS, lambda masks: (rows.append(len(masks)), erase(masks))[1], delta=0.0)
    assert len(rows) == CURVES and rows == [STEPS] * (CURVES - 1) + [2]


def test_the_deletion_curve_by_hand():
    """Three units of 3, 2, 1: a quarter, half and three quarters of them are 1, 2 and 2 units."""
    shares = np.array([1.0, 3.0, 2.0])
    found = verdict(shares, lambda masks: (~masks) @ shares)
    assert found.deletion == pytest.approx((3 + 1 + 1) / 3)
    assert found.insertion == pytest.approx((5 + 3 + 3) / 3)


def test_the_chances_are_students():
    """Worked out anew from the logits that the verdict was told."""
    told = []
    found = verdict(WEIGHTS, lambda masks: (told.append(erase(masks)), told[-1])[1])
    means = np.array([logits.mean() for logits in told]).reshape(-1, 2)  # of each order, both ways
    (deletion, insertion), random = means[0], means[1:]
    assert len(random) == ORDERS and (found.deletion, found.insertion) == (deletion, insertion)
    assert found.random == pytest.approx(random.mean())
    spread = np.std(random, ddof=1) * np.sqrt(1 + 1 / random.size)
    gaps = random[:, 1] - random[:, 0]
    expected = {
        "deletion": t.sf((random.mean() - deletion) / spread, ORDERS),
        "insertion": t.sf((insertion - random.mean()) / spread, ORDERS),
        "contrast": t.sf((insertion - deletion) / np.sqrt(np.mean(gaps**2)), ORDERS),
    }
    assert {c.name: c.value for c in found.checks} == pytest.approx(expected)


def clumpy(seed, side=16):
    """A smooth random map of (side, side) units."""
    rough = np.random.default_rng(seed).normal(size=(side, side))
    waves = np.fft.fftfreq(side)
    low = np.exp(-((waves[:, None] ** 2 + waves**2) / 0.01))
    return np.fft.ifft2(np.fft.fft2(rough) * low).real.ravel()


def edged(masks):
    """A logit that rises with every edge between an erased tile and one that is left; no more."""
    tiles = masks.reshape(-1, 16, 16).astype(float)
    return sum(np.abs(np.diff(tiles, axis=axis)).sum((1, 2)) for axis in (1, 2))


def test_a_random_order_is_as_clumpy_as_the_map():
    """A clumpy map of nothing leaves fewer edges than scattered tiles do, and beats only those."""
    draw = np.random.default_rng(0)

    def edges(order):
        rows = np.zeros((1, 256), bool)
        rows[0, order[:128]] = True
        return float(edged(rows)[0])

    own = [edges(np.argsort(-clumpy(seed))) for seed in range(20)]
    alike = [edges(_random_order(clumpy(seed), (16, 16), draw)) for seed in range(20)]
    scattered = [edges(draw.permutation(256)) for _ in range(20)]
    assert np.mean(alike) == pytest.approx(np.mean(own), rel=0.2)
    assert np.mean(own) < 0.6 * np.mean(scattered)
    states = [verdict(clumpy(i), edged, grid=(16, 16), seed=i).state for i in range(20)]
    assert states.count("fail") >= 19


def test_the_random_order_of_a_map_without_clumps_is_any_order():
    shares = np.random.default_rng(3).normal(size=64)
    orders = [_random_order(shares, (64,), np.random.default_rng(seed)) for seed in range(200)]
    assert all(np.array_equal(np.sort(order), np.arange(64)) for order in orders)
    first = np.mean([order[:16] for order in orders])  # the mean unit of the first quarter
    assert first == pytest.approx(31.5, abs=3 * 18.5 / np.sqrt(200 * 16) * 1.5)
    assert verdict(np.zeros(64), lambda masks: (~masks) @ shares).state == "fail"


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("deletion", 0.04, "pass"),
        ("insertion", 0.06, "caution"),
        ("insertion", 0.3, "fail"),
        ("contrast", 0.02, "caution"),
        ("stability", 0.6, "fail"),
        ("sanity", 0.9, "fail"),
        ("completeness", 0.02, "caution"),
    ],
)
def test_each_check_has_two_limits(name, value, state):
    assert Check(name, value).state == state


def test_one_failing_check_fails_the_map():
    assert verdict(WEIGHTS, erase, again=[WEIGHTS * 1.3]).state == "caution"
    assert (
        verdict(WEIGHTS, erase, sanity=Sanity("sha", "pixels", "DeepLIFT", 0.9, 3)).state == "fail"
    )


def test_completeness_is_measured_where_a_sum_is_promised():
    """Whatever the method says of itself: half the shares miss half, and shares of nothing all."""
    straight = verdict(WEIGHTS, lambda masks: (~masks) @ WEIGHTS, delta=0.3)
    assert straight.checks[-1] == Check("completeness", pytest.approx(0.0, abs=1e-12))
    half = verdict(WEIGHTS / 2, lambda masks: (~masks) @ WEIGHTS, delta=0.0)
    assert half.checks[-1] == Check("completeness", pytest.approx(0.5)) and half.state == "fail"
    tiny = verdict(np.array([1e-4, 2e-4]), lambda masks: np.zeros(len(masks)), delta=0.0)
    assert tiny.checks[-1].value == pytest.approx(0.3)  # of a thousandth of a logit
    assert verdict(WEIGHTS / 2, erase).checks[-1].name == "contrast"


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
        with pytest.raises(ModelError, match="was not written by this program"):
            Sanity.from_json(line)


def test_the_stored_checks_are_those_of_the_same_weights(tmp_path):
    mine, other = (Sanity(sha, "words", "DeepLIFT", 0.1, 3) for sha in ("mine", "other"))
    assert read_sanity(tmp_path, "mine") == ()
    path = write_sanity(tmp_path, [mine, other])
    assert read_sanity(tmp_path, "mine") == (mine,)
    put(tmp_path, path.name, b"\xff\n")
    with pytest.raises(ModelError, match="was not written by this program"):
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
    assert math.prod(found.grid) == len(found.shares)
    judged = verdict(
        *(found.shares, found.erase), grid=found.grid, delta=found.delta, again=found.again
    )
    assert judged.checks[-1].value <= max(found.delta * 2, 0.01)
    assert judged.state in ("pass", "caution", "fail") and not math.isnan(judged.random)


@pytest.mark.parametrize("over", ["pixels", "bands", "samples"])
def test_an_erased_unit_fades_at_its_edge(predictor, over):
    """From the middle of a unit that is left to the middle of one that is not, in even steps."""
    space = space_of(predictor, predictor.predict(case()), over, "pneumonia")
    grid = grid_of(space)
    masks = torch.zeros(1, *grid, dtype=torch.bool)
    masks[..., 1] = True  # one moment, or one column of tiles
    faded = space.kind.faded(space.given, space.prepared, masks.reshape(1, -1))
    assert faded.shape[-1] == space.given.shape[-1]
    line = faded.reshape(-1, faded.shape[-1])[0].numpy()
    wide = {"pixels": space.given.shape[-1] // grid[-1], "bands": 16, "samples": 1600}[over]
    middles = (np.arange(grid[-1]) + 0.5) * wide - 0.5
    expected = np.interp(np.arange(len(line)), middles, np.eye(grid[-1])[1])
    assert line == pytest.approx(expected, abs=1e-4)


def test_shuffled_weights_are_the_same_numbers_in_another_order(predictor):
    shuffled = weight_shuffled(predictor)
    before = dict(predictor.network.encoders.named_parameters())
    after = dict(shuffled.network.encoders.named_parameters())
    assert before.keys() == after.keys()
    for name, weight in before.items():
        assert torch.equal(after[name].flatten().sort().values, weight.flatten().sort().values)
    assert not all(torch.equal(after[name], weight) for name, weight in before.items())
    assert shuffled.predict(case()).findings != predictor.predict(case()).findings
