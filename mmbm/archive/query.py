"""What is asked of an archive, and what it says it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["Archive", "FoundSeries", "FoundStudy", "Query"]

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_MARKS = re.compile(r"[*?\\^\x00-\x1f]")  # of patterns, lists and control, which would widen it


@dataclass(frozen=True, slots=True)
class Query:
    """Which studies; each thing that is given narrows it. Nothing of it may be a pattern.

    Raises: ConfigError where it asks for everything, or is none.
    """

    accession: str = field(default="", repr=False)
    study_uid: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    since: date | None = None  # of the study, both days included
    until: date | None = None

    def __post_init__(self) -> None:
        texts = (self.accession, self.study_uid, self.patient_id)
        if not any(texts) and self.since is None and self.until is None:
            raise ConfigError(sentence("archive.query.empty"))
        if any(len(text) > 64 or _MARKS.search(text) for text in texts):
            raise ConfigError(sentence("archive.query.pattern"))
        if self.since and self.until and self.since > self.until:
            raise ConfigError(sentence("archive.query.days"))
        if self.study_uid and not is_uid(self.study_uid):
            raise ConfigError(sentence("archive.query.uid"))

    @property
    def days(self) -> str:
        """As DICOM writes a range of days; blank for all."""
        if self.since is None and self.until is None:
            return ""
        return "-".join(day.strftime("%Y%m%d") if day else "" for day in (self.since, self.until))

    def fits(self, study: FoundStudy) -> bool:
        """Whether a study is one that was asked for: an archive may pass over what it knows not."""
        asked = (self.accession, self.study_uid, self.patient_id)
        has = (study.accession, study.study_uid, study.patient_id)
        if any(want and want != got for want, got in zip(asked, has, strict=True)):
            return False
        first, last = self.since or date.min, self.until or date.max
        return not self.days or (study.taken is not None and first <= study.taken <= last)


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that the archive has."""

    study_uid: str = field(repr=False)
    accession: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    taken: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FoundSeries:
    """One series of it; ``modality`` is a defined term, blank where the archive gives none."""

    series_uid: str = field(repr=False)
    modality: str = ""


class Archive(Protocol):
    """An archive, however it is spoken to. All raise ArchiveError where it does not answer."""

    def studies(self, query: Query) -> list[FoundStudy]:
        """Those that fit."""
        ...

    def series(self, study: FoundStudy) -> list[FoundSeries]:
        """All of one study."""
        ...

    def fetch(self, study: FoundStudy, series: FoundSeries) -> Iterator[bytes]:
        """The files of one series, as they lie there."""
        ...

    def keep(self, content: bytes) -> None:
        """Store one DICOM file; returns when the archive says that it holds it.

        Raises: Declined where the archive answers and refuses this one.
        """
        ...


def is_uid(text: str) -> bool:
    """Whether this is a DICOM identifier (PS3.5 section 9.1)."""
    return len(text) <= 64 and bool(_UID.fullmatch(text))


def day_of(text: str) -> date | None:
    """A day as DICOM writes it."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
