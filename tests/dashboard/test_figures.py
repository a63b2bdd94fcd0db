import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import evaluation as evaluation_figures
from dashboard.figures import sound as sound_figures
from dashboard.figures.account import account_table, probability_ticks, steps
from dashboard.figures.film import block_sums
from dashboard.markup import signed
from dashboard.text import texts
from mmbm.case import MODALITIES
from mmbm.explain.ledger import Ledger
from mmbm.record import Bin, Roc
from mmbm.record.figures import RiskCoverage

SAY = texts("en")


def account():
    shares = {"image": 1.2, "notes": -0.7, "audio": 0.0}
    logit = -0.4 + sum(shares.values())
    probability = 1 / (1 + math.exp(-logit))
    slopes = {"image": 2.4, "notes": -3.5, "audio": 0.0}
    return Ledger("pneumonia", -0.4, shares, 0.0, logit, probability, slopes)


WEIGHTS = {"image": 0.5, "notes": 0.2, "audio": 0.3}


def lines(made, present=MODALITIES):
    """Name, weight, left edge and width of the bar in per cent, and value, of each row."""
    drawn = account_table(made, present, WEIGHTS, SAY)
    row = re.compile(
        r'<tr class="\w+"><th scope="row">([^<]*)</th><td class="number">([^<]*)</td>'
        r'<td class="bar">.*?<b class="\w+" style="left:([\d.]+)%;width:([\d.]+)%"></b></td>'
        r'<td class="number">([^<]*)</td>'
    )
    return {name: (w, float(left), float(wide), v) for name, w, left, wide, v in row.findall(drawn)}


def test_each_bar_starts_where_the_last_one_ended_and_all_sum_to_the_logit():
    made = account()
    rows = steps(made, MODALITIES, WEIGHTS, SAY)
    for before, row in itertools.pairwise(rows[:-1]):
        assert row.start == pytest.approx(before.start + before.length)
    assert rows[-2].start + rows[-2].length == pytest.approx(made.logit)
    assert (rows[-1].start, rows[-1].length) == (0.0, made.logit)


def test_each_row_shows_its_fusion_weight_its_bar_and_its_value():
    rows = lines(account())
    assert rows["Chest X-ray"][0] == "0.50" and rows["Baseline"][0] == rows["Total"][0] == ""
    assert rows["Chest X-ray"][3] == "+1.20" and rows["Notes"][3] == "−0.70"
    logit = rows["Chest X-ray"][2] / 1.2  # per cent of the width
    assert rows["Notes"][2] / 0.7 == pytest.approx(logit, rel=0.01)
    ends = [rows[name][1] + rows[name][2] for name in ("Chest X-ray", "Notes")]
    assert ends[0] == pytest.approx(ends[1], abs=0.02)  # it lowers: it goes back from there


def test_an_absent_part_says_so():
    assert lines(account(), ("image", "notes"))["Lung sound"][3] == SAY("ledger.absent")


def test_the_probabilities_below_an_account_are_few_and_lie_within_it():
    for low, high in ((-0.3, 0.3), (-2.0, 5.0), (-9.0, 9.0), (1.0, 3.0)):
        ticks = probability_ticks(low, high)
        assert 2 <= len(ticks) <= 6
        assert all(low <= math.log(p / (1 - p)) <= high for p in ticks)


@pytest.mark.parametrize(("side", "blocks"), [(224, 56), (30, 7), (5, 56)])
def test_blocks_keep_the_total(side, blocks):
    share = np.random.default_rng(0).normal(size=(side, side + 3))
    summed = block_sums(share, blocks)
    assert max(summed.shape) <= blocks
    assert summed.sum() == pytest.approx(share.sum())


def test_moments_keep_the_total_and_stand_in_the_middle_of_their_step():
    share = np.arange(12.0).reshape(3, 4)
    times, sums, step = sound_figures.time_sums(share, 2.0)
    assert sums.tolist() == [12.0, 15.0, 18.0, 21.0]
    assert (times[0], step) == (0.25, 0.5)


def test_the_strongest_seconds_are_those_that_moved_most_either_way():
    share = np.zeros((3, 20))  # over 5 s
    share[:, 2:4] = 0.1
    share[1, 13:16] = -0.3
    found = sound_figures.strongest_seconds(share, 5.0)
    assert [second for second, _ in found] == [3, 0]
    assert [total for _, total in found] == pytest.approx([-0.9, 0.6])


def test_a_second_beside_one_that_is_listed_is_left_out():
    share = np.array([[0.5, 0.4, 0.3, 0.0, -0.1]])
    found = sound_figures.strongest_seconds(share, 5.0)
    assert found == [(0, 0.5), (2, 0.3), (4, -0.1)]
    assert len(sound_figures.strongest_seconds(share, 5.0, most=1)) == 1


def test_a_strip_of_shares_has_one_symmetric_scale():
    share = np.random.default_rng(0).normal(size=(4, 12))
    times, sums, step = sound_figures.time_sums(share, 2.0)
    drawn = sound_figures.time_strip(times, sums, step, SAY, scale=5.0)
    bars = re.findall(r'<b class="(\w+)" style="left:([\d.]+)%;width:([\d.]+)%;top:([\d.]+)%;'
                      r'height:([\d.]+)%" title="([^"]*)"', drawn)  # fmt: skip
    assert [kind == "raises" for kind, *_ in bars] == (sums > 0).tolist()
    assert [float(high) for *_, high, _ in bars] == pytest.approx(
        np.minimum(np.abs(sums) / 5.0, 1) * 48, abs=0.06
    )
    ends = [float(left) + float(wide) for _, left, wide, *_ in bars]
    assert ends[-1] == pytest.approx(100, abs=0.02)
    assert bars[0][-1] == f"0.08 s: {signed(float(sums[0]), 4)}"


def test_the_seconds_of_a_sound_keep_the_total():
    times, sums = np.array([0.25, 0.75, 1.25]), np.array([0.1, -0.3, 0.05])
    rows = sound_figures.by_second(times, sums, SAY)
    assert rows == [("0 to 1 s", "−0.200"), ("1 to 2 s", "+0.050")]


def test_a_risk_curve_names_its_area():
    curve = RiskCoverage(n=4, coverage=(0.5, 1.0), risk=(0.0, 0.25), area=0.06, area_ci=(0, 0.2))
    drawn = evaluation_figures.risk({"a": curve}, SAY).data[0]
    assert drawn.name == "a, area 0.060" and list(drawn.y) == [0.0, 0.25]


def test_wilson_against_a_worked_example():
    # Agresti & Coull, Am. Stat. 1998: 1 of 10 gives 0.018 to 0.404
    low, high = evaluation_figures.wilson(0.1, 10)
    assert (round(low, 3), round(high, 3)) == (0.018, 0.404)


def test_the_other_evaluation_figures():
    bins = [Bin(mean_probability=0.2, fraction=0.1, n=10)]
    assert evaluation_figures.reliability(bins, SAY).data[1].x == (0.2,)
    curves = dict.fromkeys("ab", Roc(fpr=(0, 1), tpr=(0, 1)))
    names = [trace.name for trace in evaluation_figures.roc(curves, SAY).data]
    assert names == ["a", "b", SAY("model.chance")]
    log = pd.DataFrame(
        {
            "epoch": [1, 2],
            "loss": [0.7, 0.5],
            "pneumonia/image/a": [0.6, 0.8],
            "other/image/a": [0, 0],
        }
    )
    assert [t.name for t in evaluation_figures.history(log, "pneumonia", SAY).data] == [
        "loss", "image, a",
    ]  # fmt: skip
