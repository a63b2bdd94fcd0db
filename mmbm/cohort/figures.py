"""What a cohort's report holds; every interval is of 95 %."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "Change",
    "CohortReport",
    "Curve",
    "Difference",
    "Group",
    "LeftOut",
    "SampleSize",
    "Survival",
]

Interval = tuple[float, float]
Kind = Literal["value", "change"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Group(_Frozen):
    """The endpoint in one arm at one visit, a patient's mean counting once."""

    arm: str
    visit: str
    patients: int
    mean: float
    sd: float | None  # of one patient there is none
    mean_ci: Interval | None  # by Student's t
    low: float
    quartiles: tuple[float, float, float]
    high: float


class Change(_Frozen):
    """The change from baseline in one arm, of the patients who have both visits."""

    arm: str
    visit: str
    patients: int
    mean: float
    sd: float | None
    mean_ci: Interval | None


class Difference(_Frozen):
    """An arm less the control: of the change from baseline, else of the value."""

    arm: str
    control: str
    visit: str
    of: Kind
    patients: int
    control_patients: int
    difference: float
    ci: Interval  # Welch's
    bootstrap_ci: Interval  # percentiles over resampled patients of each arm
    p: float  # Welch's t-test, two-sided
    p_holm: float  # for all differences of the report together
    effect: float  # Hedges' g
    effect_ci: Interval
    adjusted: float | None = None  # for the baseline, by least squares
    adjusted_ci: Interval | None = None
    adjusted_p: float | None = None


class SampleSize(_Frozen):
    """Patients in each arm to see a wanted difference by a two-sample t-test."""

    of: Kind
    visit: str
    wanted: float
    sd: float  # pooled over the arms
    alpha: float
    power: float
    each_arm: int


class Curve(_Frozen):
    """Kaplan and Meier's curve of one group; the share holds from its time on."""

    group: str
    patients: int
    events: int
    times: tuple[float, ...]
    survival: tuple[float, ...]
    bounds: tuple[Interval, ...]  # pointwise, log-log
    at_risk: tuple[int, ...]
    median: float | None  # None: not reached


class Survival(_Frozen):
    """Groups compared by the log-rank test."""

    by: Literal["arm", "score"]  # score: below and above the median at baseline
    curves: tuple[Curve, ...]
    chi2: float | None  # None: at no event two groups had patients at risk
    p: float | None


class LeftOut(_Frozen):
    """Rows and patients that do not count, and why."""

    no_number: int  # rows without a finite endpoint
    no_patient: int  # rows
    no_arm: int  # rows
    no_baseline: int  # patients, in changes alone
    no_time: int  # patients, in survival alone
    not_stored: int = 0  # rows of the table that name no scored case of the store


class CohortReport(_Frozen):
    """All figures of one endpoint in one file of scores."""

    notice: str
    wording: str  # what may be said of an exploratory endpoint
    file: str
    sha256: str
    endpoint: str
    rows: int
    patients: int
    arms: tuple[str, ...]
    control: str | None
    visits: tuple[str, ...]
    baseline: str | None
    left_out: LeftOut
    groups: tuple[Group, ...]
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]
    sample_size: SampleSize | None
    survival: tuple[Survival, ...]
