import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import evaluation as evaluation_figures
from dashboard.figures import sound as sound_figures
from dashboard.figures.account import waterfall
from dashboard.figures.film import block_sums
from dashboard.text import texts
from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.audio.encoder import mel_filters
from mmbm.case import MODALITIES, SAMPLE_RATE
from mmbm.explain.ledger import Ledger
from mmbm.record.figures import RiskCoverage
from mmbm.record.record import Bin, Roc

SAY = texts("en")


def account():
    shares = {"image": 1.2, "notes": -0.7, "audio": 0.0}
    logit = -0.4 + sum(shares.values())
    probability = 1 / (1 + math.exp(-logit))
    slopes = {"image": 2.4, "notes": -3.5, "audio": 0.0}
    return Ledger("pneumonia", -0.4, shares, 0.0, logit, probability, slopes)


def ends(figure):
    bars = figure.data[0]
    return [b + x for b, x in zip(bars.base, bars.x, strict=True)]


def test_each_bar_starts_where_the_last_one_ended_and_all_sum_to_the_logit():
    made = account()
    figure = waterfall(made, MODALITIES, SAY)
    bars = figure.data[0]
    assert list(bars.base[1:-1]) == pytest.approx(ends(figure)[:-2])
    assert ends(figure)[-2] == pytest.approx(made.logit)
    assert (bars.base[-1], bars.x[-1]) == (0.0, made.logit)


def test_an_absent_part_says_so():
    bars = waterfall(account(), ("image", "notes"), SAY).data[0]
    assert dict(zip(bars.y, bars.text, strict=True))["Lung sound"] == SAY("ledger.absent")


def test_a_contribution_says_how_sure_it_is():
    made = replace(account(), intervals={"image": (1.05, 1.35)})
    bars = waterfall(made, ("image", "notes"), SAY).data[0]
    told = dict(zip(bars.y, bars.text, strict=True))
    assert told["Chest X-ray"].endswith(" ± 0.15") and "±" not in told["Notes"] + told["Lung sound"]


def test_the_probability_axis_lies_over_the_logit_axis():
    layout = waterfall(account(), MODALITIES, SAY).layout
    assert layout.xaxis.range == layout.xaxis2.range
    ticks = dict(zip(layout.xaxis2.ticktext, layout.xaxis2.tickvals, strict=True))
    assert ticks["50 %"] == 0.0


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


def test_the_strongest_second_is_the_one_that_moved_most_either_way():
    share = np.zeros((3, 20))  # over 5 s
    share[:, 2:4] = 0.1
    share[1, 13:16] = -0.3
    assert sound_figures.strongest_second(share, 5.0) == 3


def test_the_sound_figure_has_one_symmetric_scale_and_one_time_axis():
    rng = np.random.default_rng(0)
    waveform = rng.uniform(-1, 1, 2 * SAMPLE_RATE).astype(np.float32)
    decibels = rng.normal(size=(64, 201)).astype(np.float32)
    share = rng.normal(size=(4, 12))
    figure = sound_figures.sound(
        waveform, decibels, share, 2.0, config=AudioConfig(), say=SAY, limit=5.0
    )
    low, high = figure.layout.yaxis3.range
    assert low == -high
    assert {figure.layout.xaxis.matches, figure.layout.xaxis2.matches} == {"x3"}
    assert figure.layout.xaxis3.range == (0, 2.0)


def test_the_envelope_holds_the_extremes():
    waveform = np.random.default_rng(0).uniform(-1, 1, 48_000).astype(np.float32)
    times, low, high = sound_figures.envelope(waveform, points=1000)
    assert len(times) == len(low) <= 1000
    assert (low.min(), high.max()) == (waveform.min(), waveform.max())


def test_frequencies_stand_on_the_row_of_their_filter():
    config = AudioConfig()
    peaks = mel_filters(config).numpy().argmax(axis=1) * SAMPLE_RATE / config.window
    assert sound_figures.mel_row(float(peaks[40]), config) == pytest.approx(40, abs=0.6)


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
