"""Evaluation records side by side: no single cases stand in them, so no difference is paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mmbm.compare.scores import apart
from mmbm.errors import ConfigError, ManifestError
from mmbm.record import Record
from mmbm.record.figures import Figures
from mmbm.text import sentence

__all__ = [
    "Pair",
    "RecordsReport",
    "RecordsRow",
    "Verdict",
    "by_group",
    "compare_records",
    "pairs",
    "same",
]

Verdict = Literal["this", "other", "unclear", "few"]
Same = Literal["same", "different", "unknown"]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """One finding in one source, by this record and by the other."""

    finding: str
    source: str
    this: Figures
    other: Figures

    @property
    def less(self) -> float:
        """This AUROC less the other."""
        return (self.this.auroc or 0.0) - (self.other.auroc or 0.0)

    @property
    def verdict(self) -> Verdict:
        """Which is higher, where the two intervals do not touch."""
        if self.this.few or self.other.few:
            return "few"
        one, two = self.this.auroc_ci, self.other.auroc_ci
        if one is None or two is None or (one[0] <= two[1] and two[0] <= one[1]):
            return "unclear"
        return "this" if one[0] > two[1] else "other"

    @property
    def as_many(self) -> bool:
        """Whether both count the same cases, patients and positives."""
        counted = [(f.n, f.patients, f.positives) for f in (self.this, self.other)]
        return counted[0] == counted[1]


def by_group(groups: Mapping[str, Mapping[str, Figures]], finding: str) -> dict[str, Figures]:
    """One finding's figures of each group that has them."""
    return {name: by[finding] for name, by in groups.items() if finding in by}


def pairs(first: Record, second: Record) -> Iterator[Pair]:
    """What both assessed, finding by finding; real inputs only where both have them."""
    both = first.real_parts and second.real_parts
    mine, theirs = (r.real_parts if both else r.by_source for r in (first, second))
    for finding in first.overall:
        ours, others = by_group(mine, finding), by_group(theirs, finding)
        for source, f in ours.items():
            if source in others and f.auroc is not None and others[source].auroc is not None:
                yield Pair(finding, source, f, others[source])


def same(first: Record, second: Record) -> Same:
    """Whether the same test cases stand behind both."""
    if not first.test_sha256 or not second.test_sha256:
        return "unknown"
    return "same" if first.test_sha256 == second.test_sha256 else "different"


class RecordsRow(BaseModel):
    """One finding in one source: a model's AUROC less that of the first."""

    model_config = ConfigDict(frozen=True)

    finding: str
    source: str
    model: str
    reference: str
    cases: int
    patients: int
    auroc: float
    auroc_ci: Interval | None
    reference_cases: int
    reference_auroc: float
    reference_auroc_ci: Interval | None
    difference: float
    clearly_higher: str | None  # where the intervals do not touch
    few: bool
    test_cases: Same


class RecordsReport(BaseModel):
    """Records beside the first of them."""

    model_config = ConfigDict(frozen=True)

    notice: str
    models: tuple[str, ...]
    rows: tuple[RecordsRow, ...]


def compare_records(records: Sequence[Record]) -> RecordsReport:
    """Set each record beside the first. Raises ConfigError, ManifestError."""
    if len(records) < 2:
        raise ConfigError(sentence("compare.two"))
    names = apart([f"{r.model.name} {r.model.version}" for r in records])
    rows = []
    for name, record in zip(names[1:], records[1:], strict=True):
        for pair in pairs(record, records[0]):
            higher = {"this": name, "other": names[0]}.get(pair.verdict)
            rows.append(
                RecordsRow(
                    finding=pair.finding,
                    source=pair.source,
                    model=name,
                    reference=names[0],
                    cases=pair.this.n,
                    patients=pair.this.patients,
                    auroc=pair.this.auroc or 0.0,
                    auroc_ci=pair.this.auroc_ci,
                    reference_cases=pair.other.n,
                    reference_auroc=pair.other.auroc or 0.0,
                    reference_auroc_ci=pair.other.auroc_ci,
                    difference=pair.less,
                    clearly_higher=higher,
                    few=pair.verdict == "few",
                    test_cases=same(record, records[0]),
                )
            )
    if not rows:
        raise ManifestError(sentence("compare.no_pair"))
    return RecordsReport(
        notice=str(sentence("report.notice")), models=tuple(names), rows=tuple(rows)
    )
