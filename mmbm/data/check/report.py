"""What :func:`mmbm.data.check.check.check` found, as JSON and for tables and pages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ValidatorFunctionWrapHandler, WrapValidator

from mmbm.text import Sentence, known, name_of, sentence

__all__ = [
    "ERRORS",
    "WARNINGS",
    "AssociationRow",
    "BalanceRow",
    "DataReport",
    "LabelCount",
    "PartsRow",
    "QualityRow",
    "Remark",
    "Spread",
]

ERRORS = (  # kinds of remarks, by the codes of their sentences
    "invalid_row",
    "missing_file",
    "unreadable",
    "patient_in_two_splits",
    "copy_across_splits",
)
WARNINGS = (
    "near_copy_across_splits",
    "copy_within_split",
    "copies_disagree",
    "note_across_splits",
    "note_names_label",
    "label_follows_source",
    "one_sided_source",
    "label_follows_view",
    "label_follows_print",
    "label_follows_sharpness",
    "label_follows_file_size",
    "label_follows_parts",
    "one_sided_split",
    "film_small",
    "film_low_contrast",
    "film_blank",
    "film_print",
    "film_inverted",
    "film_unlike",
    "sound_short",
    "sound_clipped",
    "sound_silent",
    "sound_quiet",
    "sound_slow",
)


def _as_said(value: object, otherwise: ValidatorFunctionWrapHandler) -> str:
    text: str = value if isinstance(value, Sentence) else otherwise(value)
    return text


Said = Annotated[str, WrapValidator(_as_said)]  # a sentence stays one; a name is a name


class Remark(BaseModel):
    """One thing to mend, or to know of."""

    kind: str  # of ERRORS or WARNINGS
    count: int
    examples: list[Said]  # the first few: cases, files, labels

    @property
    def severity(self) -> Literal["error", "warning"]:
        """An error makes the data unfit to train or to test with."""
        return "error" if self.kind in ERRORS else "warning"

    @property
    def said(self) -> Sentence:
        """In words."""
        return sentence(f"data.kind.{self.kind}", count=self.count)


class LabelCount(BaseModel):
    """How many cases have a label, have it not, or are not known."""

    positive: int
    negative: int
    unknown: int


class BalanceRow(BaseModel):
    """The labels of one split of one source."""

    split: str
    source: str
    labels: dict[str, LabelCount]


class PartsRow(BaseModel):
    """Which modalities the cases of one source and split have."""

    split: str
    source: str
    cases: int
    patients: int
    image: int
    notes: int
    audio: int
    all_three: int
    notes_naming: int  # notes that name a disease or what the film showed


class AssociationRow(BaseModel):
    """How far a label can be told from a group; see :mod:`mmbm.data.check.association`."""

    label: str
    against: str
    within: str
    cramers_v: float
    theils_u: float
    groups: dict[str, tuple[int, int]]  # negative and positive cases

    @property
    def named(self) -> list[tuple[str, int, int]]:
        """Each group in words, with its negative and positive cases."""
        return [
            (name_of("value", name) if known(f"value.{name}") else name, negative, positive)
            for name, (negative, positive) in self.groups.items()
        ]


class Spread(BaseModel):
    """Least, quartiles and greatest of a figure."""

    least: float
    lower: float
    median: float
    upper: float
    greatest: float


class QualityRow(BaseModel):
    """The films or the recordings of one source."""

    source: str
    part: Literal["image", "audio"]
    files: int
    unreadable: int
    figures: dict[str, Spread]  # films: shorter_side, contrast; recordings: seconds, rate, level
    faults: dict[str, int]  # kind of remark -> files


class DataReport(BaseModel):
    """The whole check of one manifest."""

    manifest: str  # its file name
    sha256: str
    mmbm_version: str
    cases: int
    patients: int
    sources: list[str]
    labels: list[str]
    thresholds: dict[str, float]
    remarks: list[Remark]  # errors first
    balance: list[BalanceRow]
    parts: list[PartsRow]
    associations: list[AssociationRow]  # the strongest first
    quality: list[QualityRow]

    @property
    def errors(self) -> list[Remark]:
        """What makes the data unfit."""
        return [r for r in self.remarks if r.severity == "error"]

    @property
    def warnings(self) -> list[Remark]:
        """What to know of."""
        return [r for r in self.remarks if r.severity == "warning"]

    @property
    def verdict(self) -> Sentence:
        """Fit to use or not, in one line."""
        cases, patients = self.cases, self.patients
        errors, warnings = len(self.errors), len(self.warnings)
        if errors:
            return sentence(
                "data.verdict.errors",
                errors=errors,
                warnings=warnings,
                cases=cases,
                patients=patients,
            )
        if warnings:
            return sentence(
                "data.verdict.warnings", warnings=warnings, cases=cases, patients=patients
            )
        return sentence("data.verdict.good", cases=cases, patients=patients)
