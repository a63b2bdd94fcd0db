"""What a comparison's report holds; every interval is of 95 %."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "CompareReport",
    "Decision",
    "Difference",
    "Figure",
    "FindingReport",
    "LeftOut",
    "ModelFigures",
    "RocCurve",
    "ScoredFile",
]

Interval = tuple[float, float]
Figure = Literal["auroc", "sensitivity", "specificity"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ScoredFile(_Frozen):
    """A file of scores; the model goes by its name."""

    model: str
    file: str
    sha256: str
    rows: int


class ModelFigures(_Frozen):
    """One model on the cases of a finding; intervals are percentiles over resampled patients."""

    model: str
    threshold: float  # called positive from this probability on
    auroc: float
    auroc_ci: Interval
    sensitivity: float
    sensitivity_ci: Interval
    specificity: float
    specificity_ci: Interval


class Difference(_Frozen):
    """A figure of one model less that of the first, on the same resampled patients."""

    figure: Figure
    model: str
    reference: str
    difference: float
    ci: Interval
    p: float  # two-sided, of the bootstrap
    p_holm: float  # for all differences of the report together
    delong_ci: Interval | None = None  # of AUROC alone; cases count as independent
    delong_p: float | None = None


class RocCurve(_Frozen):
    """One model's ROC curve, of some of its points where it has many."""

    model: str
    fpr: tuple[float, ...]
    tpr: tuple[float, ...]


class Decision(_Frozen):
    """Net benefit a case at each threshold probability; treating nobody has 0."""

    thresholds: tuple[float, ...]
    treat_all: tuple[float, ...]
    models: dict[str, tuple[float, ...]]


class FindingReport(_Frozen):
    """All models on the cases that are labelled for a finding."""

    finding: str
    cases: int
    patients: int
    positives: int
    few: bool  # one of the labels has fewer than ten cases
    no_score: dict[str, int] = {}  # cases that a model has no score of, by the model
    no_label: int = 0  # cases
    odd_label: int = 0  # cases whose label is neither 1 nor 0
    models: tuple[ModelFigures, ...]
    differences: tuple[Difference, ...]
    roc: tuple[RocCurve, ...]
    decision: Decision


class LeftOut(_Frozen):
    """A finding that was not compared, and why."""

    finding: str
    why: Literal["not_in_all", "no_labels", "odd_labels", "no_scores", "one_label", "no_val"]


class CompareReport(_Frozen):
    """Several models on the same cases; the first is the reference."""

    notice: str
    files: tuple[ScoredFile, ...]
    split: str | None  # None: all rows
    cases: int  # that every file has
    in_some: int  # cases that not every file has
    patients_named: bool  # False: every case counts as a patient of its own
    draws: int
    findings: tuple[FindingReport, ...]
    left_out: tuple[LeftOut, ...]
