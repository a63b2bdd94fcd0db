"""The endpoint by arm and visit: distributions, changes from baseline, differences.

Sources: Welch 1947 for the difference of two means; Hedges 1981 for the effect size; Holm 1979 for
many comparisons; Efron 1979 for the bootstrap; Frison & Pocock 1992 for the baseline as covariate.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mmbm.cohort.figures import Change, Difference, Group, Kind, SampleSize
from mmbm.cohort.table import Cohort

__all__ = ["ALPHA", "changes", "differences", "groups", "holms", "sample_size"]

Values = NDArray[np.float64]
DRAWS = 2000
AT_ONCE = 2_000_000  # values drawn
LEVEL = 0.95
ALPHA = 0.05
SMALLEST = 1e-6  # an effect that no trial is large enough for
EQUAL = 1e-12  # of the largest value: values that differ by less are equal but for rounding


def groups(cohort: Cohort) -> tuple[Group, ...]:
    """The distribution in each arm at each visit."""
    found = []
    for arm in cohort.arms:
        for visit in cohort.visits:
            values: Values = np.asarray(value_at(cohort, arm, visit), np.float64)
            if len(values):
                low, q1, median, q3, high = np.percentile(values, [0, 25, 50, 75, 100])
                found.append(
                    Group(
                        arm=arm,
                        visit=visit,
                        patients=len(values),
                        mean=float(values.mean()),
                        sd=spread(values),
                        mean_ci=mean_interval(values),
                        low=float(low),
                        quartiles=(float(q1), float(median), float(q3)),
                        high=float(high),
                    )
                )
    return tuple(found)


def changes(cohort: Cohort) -> tuple[Change, ...]:
    """The change from the first visit in each arm; no test within an arm, which proves nothing."""
    found = []
    for arm in cohort.arms:
        for visit in cohort.visits[1:]:
            values = changed(cohort, arm, visit)["change"].to_numpy()
            if len(values):
                found.append(
                    Change(
                        arm=arm,
                        visit=visit,
                        patients=len(values),
                        mean=float(values.mean()),
                        sd=spread(values),
                        mean_ci=mean_interval(values),
                    )
                )
    return tuple(found)


def differences(cohort: Cohort, seed: int = 0) -> tuple[Difference, ...]:
    """Each arm less the control: at each later visit of the change, with one visit of the value."""
    of: Kind = "change" if len(cohort.visits) > 1 else "value"
    visits = cohort.visits[1:] or cohort.visits
    control, *others = cohort.arms
    found = []
    for visit in visits:
        for arm in others:
            pair = [measured(cohort, name, visit, of) for name in (arm, control)]
            spreads = [spread(part["y"].to_numpy()) for part in pair]
            if None not in spreads and any(spreads):
                named = {"arm": arm, "control": control, "visit": visit, "of": of, "p_holm": 1.0}
                found.append(Difference.model_validate(named | _difference(*pair, seed=seed)))
    holm = holms([one.p for one in found])
    return tuple(one.model_copy(update={"p_holm": p}) for one, p in zip(found, holm, strict=True))


def sample_size(
    cohort: Cohort, wanted: float, alpha: float = ALPHA, power: float = 0.8
) -> SampleSize | None:
    """Patients an arm to see ``wanted`` at the last visit.

    None where the spread is not known, or ``wanted`` is nothing beside it.
    """
    from statsmodels.stats.power import TTestIndPower

    of: Kind = "change" if len(cohort.visits) > 1 else "value"
    visit = cohort.visits[-1]
    parts = [measured(cohort, arm, visit, of)["y"].to_numpy() for arm in cohort.arms]
    freedom = sum(len(part) - 1 for part in parts if len(part) > 1)
    squares = sum(float(((p - p.mean()) ** 2).sum()) for p in parts if len(p) > 1)
    if freedom < 1 or not any(spread(part) for part in parts) or not math.isfinite(wanted):
        return None
    sd = math.sqrt(squares / freedom)
    effect = abs(wanted) / sd
    if effect < SMALLEST:
        return None
    if effect > 10:  # two patients an arm see it
        each = 2.0
    else:
        solved = TTestIndPower().solve_power(effect, alpha=alpha, power=power, ratio=1.0)
        each = float(np.max(solved))
    return SampleSize(
        of=of,
        visit=visit,
        wanted=wanted,
        sd=sd,
        alpha=alpha,
        power=power,
        each_arm=max(math.ceil(each), 2),
    )


def value_at(cohort: Cohort, arm: str, visit: str) -> pd.Series[float]:
    """The endpoint of each patient of an arm at a visit, by patient."""
    rows = cohort.scores[(cohort.scores["arm"] == arm) & (cohort.scores["visit"] == visit)]
    return rows.set_index("patient")["value"]


def changed(cohort: Cohort, arm: str, visit: str) -> pd.DataFrame:
    """Baseline and change of the patients of an arm who have both."""
    first = value_at(cohort, arm, cohort.visits[0]).rename("baseline")
    both = pd.concat([first, value_at(cohort, arm, visit)], axis=1, join="inner")
    change = both["value"] - both["baseline"]
    return both.assign(change=change.where(change.abs() > EQUAL * both["value"].abs(), 0.0))


def measured(cohort: Cohort, arm: str, visit: str, of: Kind) -> pd.DataFrame:
    """What is compared, ``y``, of each patient of an arm, with the baseline where there is one."""
    if of == "change":
        return changed(cohort, arm, visit).rename(columns={"change": "y"})
    return value_at(cohort, arm, visit).rename("y").to_frame()


def spread(values: Values) -> float | None:
    """The standard deviation, 0 of values that differ by rounding alone; None of one value."""
    if len(values) < 2:
        return None
    equal = np.ptp(values) <= EQUAL * np.abs(values).max()
    return 0.0 if equal else float(values.std(ddof=1))


def mean_interval(values: Values) -> tuple[float, float] | None:
    """Student's interval of the mean; None of one patient or without spread."""
    sd = spread(values)
    if not sd:
        return None
    low, high = stats.t.interval(LEVEL, len(values) - 1, values.mean(), sd / math.sqrt(len(values)))
    return float(low), float(high)


def _difference(first: pd.DataFrame, second: pd.DataFrame, *, seed: int) -> dict[str, object]:
    one, two = first["y"].to_numpy(), second["y"].to_numpy()
    test = stats.ttest_ind(one, two, equal_var=False)
    ci = test.confidence_interval(LEVEL)
    g, within = hedges(one, two)
    found: dict[str, object] = {
        "patients": len(one),
        "control_patients": len(two),
        "difference": float(one.mean() - two.mean()),
        "ci": (float(ci.low), float(ci.high)),
        "bootstrap_ci": bootstrap(one, two, seed),
        "p": float(test.pvalue),
        "effect": g,
        "effect_ci": within,
    }
    if "baseline" in first and len(one) + len(two) > 3:
        found |= adjusted(first, second)
    return found


def hedges(one: Values, two: Values) -> tuple[float, tuple[float, float]]:
    """Hedges' g with the interval of its normal approximation."""
    from statsmodels.stats.meta_analysis import effectsize_smd

    g, variance = effectsize_smd(
        one.mean(), one.std(ddof=1), len(one), two.mean(), two.std(ddof=1), len(two)
    )
    half = stats.norm.ppf((1 + LEVEL) / 2) * math.sqrt(variance)
    return float(g), (float(g - half), float(g + half))


def bootstrap(one: Values, two: Values, seed: int) -> tuple[float, float]:
    """Percentiles of the difference of means over patients drawn anew within each arm."""
    rng = np.random.default_rng(seed)
    rows = min(max(AT_ONCE // (len(one) + len(two)), 1), DRAWS)
    drawn = []
    for start in range(0, DRAWS, rows):
        size = min(rows, DRAWS - start)
        first, second = (v[rng.integers(len(v), size=(size, len(v)))].mean(1) for v in (one, two))
        drawn.append(first - second)
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return float(low), float(high)


def adjusted(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, object]:
    """The difference at equal baselines, by least squares.

    {} where baseline and arm cannot be told apart: baselines that are equal within each arm.
    """
    from statsmodels.regression.linear_model import OLS

    both = pd.concat([first.assign(treated=1.0), second.assign(treated=0.0)])
    if not any(spread(part["baseline"].to_numpy()) for part in (first, second)):
        return {}
    design = np.column_stack([np.ones(len(both)), both["treated"], both["baseline"]])
    fitted = OLS(both["y"].to_numpy(), design).fit()
    low, high = fitted.conf_int(1 - LEVEL)[1]
    return {
        "adjusted": float(fitted.params[1]),
        "adjusted_ci": (float(low), float(high)),
        "adjusted_p": float(fitted.pvalues[1]),
    }


def holms(p: list[float]) -> list[float]:
    """Holm's p-values for tests made together."""
    adjusted, least = [0.0] * len(p), 0.0
    for rank, k in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        least = max(least, min((len(p) - rank) * p[k], 1.0))
        adjusted[k] = least
    return adjusted
