"""The figures of arms and visits against scipy and statsmodels on the same table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import tt_ind_solve_power
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from benchmarks.cohort_trials import coverage
from mmbm.cohort import arms
from mmbm.cohort.example import simulated
from mmbm.cohort.study import study
from mmbm.storage import assets_folder

EXAMPLE = assets_folder() / "cohort" / "cohort.csv"
CLOSE = {"rel": 1e-9, "abs": 1e-9}


@pytest.fixture(scope="module")
def report():
    return study(EXAMPLE, "pneumonia", wanted=0.5)


@pytest.fixture(scope="module")
def wide():
    """One row a patient: arm, and the score at each visit."""
    rows = pd.read_csv(EXAMPLE)
    return rows.pivot(index=["patient_id", "arm"], columns="visit", values="pneumonia.logit")


def of(wide, arm, visit):
    return wide.xs(arm, level="arm")[visit].to_numpy()


def test_the_example_is_the_simulated_one():
    assert simulated(7).to_csv(index=False) == EXAMPLE.read_text(encoding="utf-8")


def test_distributions(report, wide):
    assert len(report.groups) == 6
    for group in report.groups:
        values = of(wide, group.arm, int(group.visit))
        described = DescrStatsW(values)
        assert group.mean == pytest.approx(described.mean, **CLOSE)
        assert group.sd == pytest.approx(stats.tstd(values), **CLOSE)
        assert group.mean_ci == pytest.approx(described.tconfint_mean(), **CLOSE)
        assert group.quartiles == pytest.approx(stats.scoreatpercentile(values, [25, 50, 75]))


def test_changes_from_baseline(report, wide):
    for change in report.changes:
        values = of(wide, change.arm, int(change.visit)) - of(wide, change.arm, 0)
        assert change.mean == pytest.approx(values.mean(), **CLOSE)
        assert change.mean_ci == pytest.approx(DescrStatsW(values).tconfint_mean(), **CLOSE)


def test_differences_between_arms(report, wide):
    assert [d.visit for d in report.differences] == ["4", "12"]
    for found in report.differences:
        visit = int(found.visit)
        one, two = (of(wide, arm, visit) - of(wide, arm, 0) for arm in (found.arm, found.control))
        compared = CompareMeans(DescrStatsW(one), DescrStatsW(two))
        assert found.ci == pytest.approx(compared.tconfint_diff(usevar="unequal"), **CLOSE)
        assert found.p == pytest.approx(compared.ttest_ind(usevar="unequal")[1], **CLOSE)
        pooled = math.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)  # arms of one size
        n = len(one) + len(two)
        g = (one.mean() - two.mean()) / pooled * (1 - 3 / (4 * n - 9))
        assert found.effect == pytest.approx(g, **CLOSE)
        assert found.effect_ci[0] < found.effect < found.effect_ci[1]
        assert found.bootstrap_ci == pytest.approx(found.ci, abs=0.05)
        table = wide.reset_index().assign(
            change=lambda t, v=visit: t[v] - t[0], base=wide[0].values
        )
        fitted = smf.ols("change ~ C(arm) + base", table.rename(columns=str)).fit()
        name = "C(arm)[T.treatment]"
        assert found.adjusted == pytest.approx(fitted.params[name], **CLOSE)
        assert found.adjusted_ci == pytest.approx(tuple(fitted.conf_int().loc[name]), **CLOSE)
        assert found.adjusted_p == pytest.approx(fitted.pvalues[name], **CLOSE)


def test_holms_p_values(report):
    assert arms.holms([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    many = np.random.default_rng(0).random(20) ** 3
    assert arms.holms(list(many)) == pytest.approx(multipletests(many, method="holm")[1], **CLOSE)
    first, second = report.differences
    assert second.p_holm == pytest.approx(2 * second.p) and first.p_holm == first.p


def test_the_sample_size(report):
    found = report.sample_size
    each = tt_ind_solve_power(effect_size=found.wanted / found.sd, alpha=0.05, power=0.8)
    assert found.each_arm == math.ceil(each)
    exact = stats.nct(2 * found.each_arm - 2, found.wanted / found.sd * (found.each_arm / 2) ** 0.5)
    limit = stats.t.ppf(0.975, 2 * found.each_arm - 2)
    assert exact.sf(limit) + exact.cdf(-limit) >= 0.8


def test_a_huge_difference_needs_two_patients(tmp_path):
    simulated(1, patients=5).to_csv(tmp_path / "t.csv")
    assert study(tmp_path / "t.csv", wanted=1e6).sample_size.each_arm == 2


def test_a_patient_counts_once_a_visit(tmp_path):
    rows = simulated(1, patients=8)
    doubled = pd.concat([rows, rows.assign(**{"pneumonia.logit": rows["pneumonia.logit"] + 1})])
    rows.assign(**{"pneumonia.logit": rows["pneumonia.logit"] + 0.5}).to_csv(tmp_path / "a.csv")
    doubled.to_csv(tmp_path / "b.csv")
    one, two = (study(tmp_path / f"{name}.csv", "pneumonia") for name in "ab")
    assert (two.rows, two.patients) == (96, one.patients)
    for first, second in zip(one.differences, two.differences, strict=True):
        for name, value in first.model_dump().items():
            same = isinstance(value, str)
            held = getattr(second, name)
            assert held == (value if same else pytest.approx(value, abs=1e-12)), name


def test_a_difference_without_spread_is_left_out(tmp_path):
    rows = simulated(1, patients=4).assign(**{"pneumonia.logit": 1.0})
    rows.to_csv(tmp_path / "t.csv")
    report = study(tmp_path / "t.csv", "pneumonia")
    assert report.differences == () and report.groups[0].mean_ci is None


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    for name, share in coverage(200).items():
        low, high = stats.binom(200, 0.95).ppf([0.001, 0.999]) / 200
        assert low <= share <= high, name


def test_the_bootstrap_is_of_patients():
    one = np.array([0.0, 1.0, 2.0, 3.0])
    low, high = arms.bootstrap(one, one, seed=0)
    spread = math.sqrt(2 * one.var() / 4)  # of the difference of two resampled means
    assert (high - low) == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert arms.bootstrap(one, one, seed=0) == (low, high)


def two_visits(baseline, follow_up):
    """Twenty patients in two arms, their scores at both visits by number and arm."""
    rows = [
        {"patient_id": f"P{k}", "arm": "ab"[k % 2], "visit": visit, "x": of(k, k % 2)}
        for k in range(20)
        for visit, of in (("0", baseline), ("1", follow_up))
    ]
    return pd.DataFrame(rows)


def studied(tmp_path, rows, **asked):
    rows.to_csv(tmp_path / "t.csv", index=False)
    return study(tmp_path / "t.csv", **asked)


def test_baselines_that_tell_the_arms_apart_adjust_nothing(tmp_path):
    noise = np.random.default_rng(0).normal(size=20)
    (found,) = studied(tmp_path, two_visits(lambda k, b: b, lambda k, b: noise[k])).differences
    assert found.adjusted is found.adjusted_ci is found.adjusted_p is None


def test_changes_that_differ_by_rounding_alone_are_equal(tmp_path):
    # 0.1, 0.2, … more than a baseline of their own: not quite the same in floating point
    rows = two_visits(lambda k, b: 0.1 * k, lambda k, b: 0.1 * k + 0.2 + 0.1 * b)
    report = studied(tmp_path, rows, wanted=0.1)
    assert [c.sd for c in report.changes] == [0.0, 0.0]
    assert report.differences == () and report.sample_size is None


def test_what_no_trial_can_see_has_no_sample_size(tmp_path):
    assert studied(tmp_path, simulated(3, patients=8), wanted=1e-12).sample_size is None
