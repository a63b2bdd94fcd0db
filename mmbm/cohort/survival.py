"""Survival by arm and by score: Kaplan and Meier's curves and the log-rank test.

Source of the test: Peto & Peto, Journal of the Royal Statistical Society A 1972.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mmbm.cohort.figures import Curve, Survival
from mmbm.cohort.table import Cohort

__all__ = ["survival"]

Values = NDArray[np.float64]
ROUNDING = 1e-9  # of the variance: smaller parts of it are none
BELOW, ABOVE = "low", "high"  # groups of the score: up to the median, and above


def survival(cohort: Cohort) -> tuple[Survival, ...]:
    """By arm where there are several, and by the endpoint at the first visit."""
    people = cohort.follow_up
    if people.empty:
        return ()
    found = []
    if len(cohort.arms) > 1:
        by_arm = [(arm, people[people["arm"] == arm]) for arm in cohort.arms]
        found.append(_compared("arm", by_arm))
    first = cohort.scores[cohort.scores["visit"] == cohort.visits[0]]
    scored = people.merge(first[["patient", "value"]], on="patient")
    low = scored["value"] <= scored["value"].median()
    if low.any() and not low.all():
        found.append(_compared("score", [(BELOW, scored[low]), (ABOVE, scored[~low])]))
    return tuple(found)


def _compared(by: str, parts: list[tuple[str, pd.DataFrame]]) -> Survival:
    parts = [(name, rows) for name, rows in parts if len(rows)]
    followed = [(rows["time"].to_numpy(float), rows["event"].to_numpy() == 1) for _, rows in parts]
    tested = log_rank(followed)
    chi2, p = tested if tested is not None else (None, None)
    curves = tuple(curve(name, rows) for name, rows in parts)
    return Survival.model_validate({"by": by, "curves": curves, "chi2": chi2, "p": p})


def log_rank(groups: list[tuple[Values, NDArray[np.bool_]]]) -> tuple[float, float] | None:
    """Chi-square and p-value of groups by each patient's time and whether the event ended it.

    A group is left out where at no event both it and another one had patients at risk; None where
    all are.
    """
    at = np.unique(np.concatenate([time[gone] for time, gone in groups]))
    risk = np.stack([_from(time, at) for time, _ in groups])  # (groups, events' times)
    events = np.stack([_from(time[gone], at) - _after(time[gone], at) for time, gone in groups])
    everyone, all_events = risk.sum(0), events.sum(0)
    share = risk / everyone
    scale = all_events * (everyone - all_events) / np.maximum(everyone - 1, 1)
    more = (events - share * all_events).sum(1)  # than expected
    variance = np.diag((share * scale).sum(1)) - (share * scale) @ share.T
    free = int((np.linalg.eigvalsh(variance) > ROUNDING * max(variance.trace(), 1.0)).sum())
    if not free:
        return None
    chi2 = float(more @ np.linalg.pinv(variance, rcond=ROUNDING, hermitian=True) @ more)
    return chi2, float(stats.chi2.sf(chi2, free))


def _from(times: Values, at: Values) -> Values:
    """How many of the times are each of ``at`` or later."""
    return len(times) - np.searchsorted(np.sort(times), at, side="left").astype(np.float64)


def _after(times: Values, at: Values) -> Values:
    """How many are later."""
    return len(times) - np.searchsorted(np.sort(times), at, side="right").astype(np.float64)


def curve(name: str, rows: pd.DataFrame) -> Curve:
    """One group's curve, at the times of its events, to the last time that anyone was seen."""
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event = rows["time"].to_numpy(float), rows["event"].to_numpy(float)
    fitted = SurvfuncRight(time, event)
    share, error = np.asarray(fitted.surv_prob), np.asarray(fitted.surv_prob_se)
    times, at_risk = np.asarray(fitted.surv_times), np.asarray(fitted.n_risk)
    last = time.max()
    if not len(times) or last > times[-1]:  # the curve goes on to the last who was seen
        end = (1.0, 0.0) if not len(times) else (share[-1], error[-1])
        share, error = np.append(share, end[0]), np.append(error, end[1])
        times, at_risk = np.append(times, last), np.append(at_risk, (time == last).sum())
    inside = (share > 0) & (share < 1)
    bounds = np.stack([share, share], 1)
    # log(-log S) is nearer to normal than S: Kalbfleisch & Prentice 1980
    s, half = share[inside], stats.norm.ppf(0.975) * error[inside]
    half = half / np.abs(s * np.log(s))
    bounds[inside] = np.stack([s ** np.exp(half), s ** np.exp(-half)], 1)
    median = float(fitted.quantile(0.5)) if share.min() <= 0.5 else None
    return Curve(
        group=name,
        patients=len(rows),
        events=int(event.sum()),
        times=tuple(map(float, times)),
        survival=tuple(map(float, share)),
        bounds=tuple((float(low), float(high)) for low, high in bounds),
        at_risk=tuple(int(n) for n in at_risk),
        median=median,
    )
