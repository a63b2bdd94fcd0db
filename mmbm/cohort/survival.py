"""Survival by arm and by score: Kaplan and Meier's curves and the log-rank test."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from mmbm.cohort.figures import Curve, Survival
from mmbm.cohort.table import Cohort

__all__ = ["survival"]

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
    from statsmodels.duration.survfunc import survdiff

    parts = [(name, rows) for name, rows in parts if len(rows)]
    everyone = pd.concat([rows.assign(group=name) for name, rows in parts])
    chi2, p = None, None
    if len(parts) > 1 and everyone["event"].any():
        columns = (everyone[name].to_numpy() for name in ("time", "event", "group"))
        chi2, p = (float(value) for value in survdiff(*columns))
    curves = tuple(curve(name, rows) for name, rows in parts)
    return Survival.model_validate({"by": by, "curves": curves, "chi2": chi2, "p": p})


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
