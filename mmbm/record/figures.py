"""What a figure of the record holds: a group of cases, a value, an interval."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from typing_extensions import TypedDict

from mmbm.case import Modality

__all__ = [
    "FEWEST",
    "Agreement",
    "Comparison",
    "Conformal",
    "Figures",
    "Frozen",
    "Interval",
    "Located",
    "RiskCoverage",
    "Shifts",
]

FEWEST = 10  # cases of either label; with fewer an interval means little
Number = Annotated[float, PlainSerializer(lambda value: round(value, 5))]
Interval = tuple[Number, Number]  # 2.5 and 97.5 percentiles


class Frozen(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Figures(Frozen):
    """One finding on one group of cases; None where a figure cannot be had."""

    n: int
    patients: int = 0
    positives: int = 0
    assembled: int = 0  # of the cases, those whose score used a generated note or a drawn recording
    threshold: Number = 0.5  # the operating point: called positive from this probability on
    auroc: Number | None = None
    auroc_ci: Interval | None = None
    auprc: Number | None = None  # average precision; by chance it is the share of positives
    auprc_ci: Interval | None = None
    accuracy: Number | None = None
    accuracy_ci: Interval | None = None
    precision: Number | None = None
    precision_ci: Interval | None = None
    recall: Number | None = None
    recall_ci: Interval | None = None
    specificity: Number | None = None
    specificity_ci: Interval | None = None
    f1: Number | None = None
    f1_ci: Interval | None = None
    true_positives: int | None = None
    false_positives: int | None = None
    false_negatives: int | None = None
    true_negatives: int | None = None
    ece: Number | None = None
    ece_floor: Number | None = None
    ece_debiased: Number | None = None

    @property
    def few(self) -> bool:
        """Whether one of the labels has fewer than ten cases."""
        return min(self.positives, self.n - self.positives) < FEWEST

    def interval(self, figure: str) -> Interval | None:
        """The interval of a figure, by its name."""
        bounds: Interval | None = getattr(self, f"{figure}_ci")
        return bounds


class Comparison(Frozen):
    """Two scores of the same cases: AUROCs, and their difference over resampled patients."""

    first: str
    second: str
    n: int
    patients: int
    positives: int
    assembled: int = 0
    first_auroc: Number
    second_auroc: Number
    difference: Number  # first less second
    difference_ci: Interval

    @property
    def few(self) -> bool:
        """Whether one of the labels has fewer than ten cases."""
        return min(self.positives, self.n - self.positives) < FEWEST


class Located(Frozen):
    """How often a map's strongest place lies where people marked what they saw or heard."""

    n: int  # films or recordings, each once
    patients: int
    top: Number  # of them, in how many it does
    top_ci: Interval
    chance: Number  # how often a blind choice among places of lung, or moments, would
    auprc: Number | None = None  # mean over films of the map against the marks, place by place
    in_lungs: Number | None = None  # median share of what speaks for the finding


class Agreement(Frozen):
    """How far the account lies from captum.attr.ShapleyValues over all orders of the modalities."""

    n: Annotated[int, Field(ge=1)]  # cases
    assembled: int  # of them, those with a part that is not of the same patient
    absent: int  # of them, those that lack a part, or where one was excluded
    findings: int
    difference: Annotated[float, Field(ge=0.0)]  # largest of a contribution, absolute, in logits
    residual: Annotated[float, Field(ge=0.0)]  # largest |base + contributions - logit|
    cases_sha256: str  # of the cases, as mmbm.evaluate.cases has it


class RiskCoverage(Frozen):
    """Errors among the cases that the model is surest of, for growing shares of the cases."""

    n: int
    coverage: tuple[Number, ...]
    risk: tuple[Number, ...]
    area: Number  # mean risk over all shares; with confidence drawn by lot, the risk of all
    area_ci: Interval


Share = Annotated[float, Field(ge=0.0, le=1.0)] | None


class Answered(TypedDict):
    """How often conformal answers hold the truth in one group of cases, and what they are."""

    n: int
    coverage: Share
    coverage_yes: Share
    coverage_no: Share
    one: Share
    both: NotRequired[Share]
    none: NotRequired[Share]


class Conformal(TypedDict, total=False):
    """Answers by level, finding and group."""

    sources: list[str]
    levels: dict[Literal["0.8", "0.9", "0.95"], dict[str, dict[str, Answered]]]


class Alarm(TypedDict):
    """How many parts of the test cases themselves are flagged as odd."""

    n: int
    flagged: Share


class Odd(TypedDict):
    """How well odd inputs of one kind are told from the test cases' own parts."""

    modality: Modality
    n: int
    against: NotRequired[int]
    auroc: Share
    auroc_by_source: NotRequired[dict[str, Share]]
    flagged: Share


class Shifts(TypedDict, total=False):
    """False alarms by modality and source, and odd inputs by kind."""

    false_alarms: dict[Modality, dict[str, Alarm]]
    kinds: dict[str, Odd]
