"""Files that were given to be compared: all of scores, or all evaluation records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmbm.cohort.table import content_of
from mmbm.compare.scores import Scores, parse_scores
from mmbm.errors import ConfigError
from mmbm.record import Record, parse_record
from mmbm.text import sentence

__all__ = ["Given", "contents_of", "parse_given"]


@dataclass(frozen=True, slots=True)
class Given:
    """Score files or records; there are none of the other."""

    scores: tuple[Scores, ...] = ()
    records: tuple[Record, ...] = ()


def contents_of(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Name and content of each file. Raises UnreadableFile."""
    return [(path.name, content_of(path)) for path in paths]


def parse_given(given: Sequence[tuple[str, bytes]]) -> Given:
    """Score files, or records where all files are JSON.

    Raises
    ------
    ConfigError
        Some of either.
    UnreadableFile, ManifestError
    """
    of_records = [name.endswith(".json") for name, _ in given]
    if any(of_records) and not all(of_records):
        raise ConfigError(sentence("compare.mixed"))
    if any(of_records):
        return Given(records=tuple(parse_record(content) for _, content in given))
    return Given(scores=tuple(parse_scores(name, content) for name, content in given))
