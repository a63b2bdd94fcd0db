"""Survival against scipy, and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.survfunc import survdiff

from mmbm.cohort.example import simulated
from mmbm.cohort.study import study
from mmbm.cohort.survival import curve, log_rank

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


def followed(*groups):
    return [(np.array(time, float), np.array(gone, bool)) for time, gone in groups]


def test_groups_that_are_never_at_risk_together_are_not_tested(tmp_path):
    early, late = ([1, 2, 3, 4], [0] * 4), ([10, 11, 12, 13], [1] * 4)
    assert log_rank(followed(early, late)) is None
    arms = {"A": early, "B": late}
    rows = [
        {"patient_id": f"{arm}{k}", "arm": arm, "x.logit": k, "time": t, "event": e}
        for arm, group in arms.items()
        for k, (t, e) in enumerate(zip(*group, strict=True))
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    by_arm = study(tmp_path / "t.csv").survival[0]
    assert (by_arm.by, by_arm.chi2, by_arm.p, len(by_arm.curves)) == ("arm", None, None, 2)


def test_a_group_that_was_gone_before_the_events_changes_nothing(people):
    """Whichever place it has: the others are tested as if it were not there."""
    rows = [people[people["arm"] == arm] for arm in ("control", "treatment")]
    two = followed(*((r["time"], r["event"]) for r in rows))
    gone = followed(([0.5] * 7, [0] * 7))[0]
    chi2, p = log_rank(two)
    for place in range(3):
        three = log_rank([*two[:place], gone, *two[place:]])
        assert three == pytest.approx((chi2, p), **CLOSE)


def test_the_log_rank_test_of_three_groups_is_statsmodels(people):
    part = np.arange(len(people)) % 3
    groups = followed(*((r["time"], r["event"]) for r in (people[part == k] for k in range(3))))
    wanted = survdiff(people["time"].to_numpy(), people["event"].to_numpy(), part)
    assert log_rank(groups) == pytest.approx(wanted, **CLOSE)


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
