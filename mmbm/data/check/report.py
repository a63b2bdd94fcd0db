"""What :func:`mmbm.data.check.check.check` found, as JSON and for tables and pages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

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

ERRORS = {  # kind -> sentence
    "invalid_row": "{count} cells of the manifest are invalid.",
    "missing_file": "{count} listed files are not there.",
    "unreadable": "{count} files could not be read.",
    "patient_in_two_splits": "{count} patients stand in more than one split.",
    "copy_across_splits": "{count} files stand byte for byte in more than one split.",
}
WARNINGS = {
    "near_copy_across_splits": "{count} pairs of files in different splits are near copies.",
    "copy_within_split": "{count} files stand byte for byte under more than one name.",
    "copies_disagree": "{count} files stand under labels that disagree.",
    "note_across_splits": "{count} notes stand word for word in more than one split.",
    "note_names_label": "{count} notes name a disease or what the film showed.",
    "label_follows_source": "{count} labels can be told from the source.",
    "one_sided_source": "{count} times a source has (nearly) only one side of a label.",
    "label_follows_view": "{count} times a label can be told from the view.",
    "label_follows_print": "{count} times a label can be told from print on the film.",
    "label_follows_sharpness": "{count} times a label can be told from how sharp the film is.",
    "label_follows_file_size": "{count} times a label can be told from a film's file size.",
    "label_follows_parts": "{count} times a label can be told from which parts are there.",
    "one_sided_split": "{count} times a split has only one side of a label.",
    "film_small": "{count} films are less than 224 pixels high or wide.",
    "film_low_contrast": "{count} films have little contrast.",
    "film_blank": "{count} films are blank for a large part.",
    "film_print": "{count} films seem to have words printed on them.",
    "film_inverted": "{count} films may be inverted: they are the negative of the others' mean.",
    "film_unlike": "{count} films look unlike the others: they may be no frontal chest films.",
    "sound_short": "{count} recordings last less than 5 seconds.",
    "sound_clipped": "{count} recordings are clipped.",
    "sound_silent": "{count} recordings are silent for more than half.",
    "sound_quiet": "{count} recordings are very quiet.",
    "sound_slow": "{count} recordings have fewer than 4,000 samples a second.",
}


class Remark(BaseModel):
    """One thing to mend, or to know of."""

    kind: str  # of ERRORS or WARNINGS
    count: int
    examples: list[str]  # the first few: cases, files, labels

    @property
    def severity(self) -> Literal["error", "warning"]:
        """An error makes the data unfit to train or to test with."""
        return "error" if self.kind in ERRORS else "warning"

    @property
    def sentence(self) -> str:
        """In English."""
        return (ERRORS | WARNINGS)[self.kind].format(count=f"{self.count:,}")


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
    def verdict(self) -> str:
        """One line, in English."""
        if self.errors:
            return (
                f"Not fit to use: {len(self.errors)} errors and {len(self.warnings)} warnings "
                f"in {self.cases:,} cases."
            )
        if self.warnings:
            return f"Usable, with {len(self.warnings)} warnings, in {self.cases:,} cases."
        return f"Nothing to remark in {self.cases:,} cases."
