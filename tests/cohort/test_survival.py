"""Survival against scipy, and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmbm.cohort.example import simulated
from mmbm.cohort.study import study
from mmbm.cohort.survival import curve

CLOSE = {"rel": 1e-9, "abs": 1e-9}


def censored(rows):
    time, gone = rows["time"].to_numpy(), rows["event"].to_numpy() == 1
    return stats.CensoredData(uncensored=time[gone], right=time[~gone])


@pytest.fixture(scope="module")
def people():
    return simulated(7).drop_duplicates("patient_id")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    path = tmp_path_factory.mktemp("survival") / "t.csv"
    simulated(7).to_csv(path)
    return {found.by: found for found in study(path, "pneumonia").survival}


def test_curves_are_scipys(people, compared):
    for found in compared["arm"].curves:
        fitted = stats.ecdf(censored(people[people["arm"] == found.group])).sf
        assert fitted.evaluate(np.array(found.times)) == pytest.approx(found.survival, **CLOSE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where all are gone there is none
            ends = fitted.confidence_interval(method="log-log")
        for at, (low, high), share in zip(found.times, found.bounds, found.survival, strict=True):
            if 0 < share < 1:
                assert ends.low.evaluate([at])[0] == pytest.approx(low, **CLOSE)
                assert ends.high.evaluate([at])[0] == pytest.approx(high, **CLOSE)


def test_the_log_rank_test_is_scipys(people, compared):
    score = people["pneumonia.logit"]
    groups = {"arm": people["arm"] == "control", "score": score <= score.median()}
    for by, first in groups.items():
        wanted = stats.logrank(censored(people[first]), censored(people[~first]))
        assert compared[by].p == pytest.approx(wanted.pvalue, **CLOSE)
        assert compared[by].chi2 == pytest.approx(wanted.statistic**2, **CLOSE)


def test_a_curve_by_hand():
    rows = pd.DataFrame({"time": [1, 2, 3, 4], "event": [1, 0, 1, 0]})
    found = curve("all", rows)
    assert found.times == (1.0, 3.0, 4.0) and found.at_risk == (4, 2, 1)
    assert found.survival == pytest.approx((0.75, 0.375, 0.375))
    assert (found.events, found.patients, found.median) == (2, 4, 3.0)
    well = curve("all", rows.assign(event=0))
    assert (well.times, well.survival, well.median) == ((4.0,), (1.0,), None)


def test_dates_give_days(tmp_path):
    rows = simulated(7)
    dated = rows.drop(columns="time").assign(
        start_date="2024-02-01",
        end_date=[str(np.datetime64("2024-02-01") + int(t)) for t in rows["time"]],
    )
    rows.to_csv(tmp_path / "a.csv")
    dated.to_csv(tmp_path / "b.csv")
    one, two = (study(tmp_path / f"{name}.csv", "pneumonia").survival for name in "ab")
    assert one == two
