"""The table of a cohort: one row a score, with its patient, arm and visit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from mmbm.cohort.follow_up import DATES, follow_up
from mmbm.cohort.stored import PATIENT, joined, word_of
from mmbm.errors import ManifestError, TooLarge, UnreadableFile
from mmbm.text import name_of, sentence

__all__ = ["Cohort", "content_of", "endpoints", "parse_table", "read_cohort", "read_table"]

ALL = "all"  # the arm or visit where no column names any
MOST_CELLS = 50_000_000  # of a Parquet file, which may unpack to far more than its size
OTHER_MARKS = {";": "semicolon", "\t": "tab", "|": "bar"}  # between columns
FIRST = ("screening", "baseline", "筛查", "基线")  # visits before those with a number
NUMBER = re.compile(r"\d+(?:\.\d+)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LARGEST = 1e100  # of an endpoint; the squares of larger ones are no numbers


@dataclass(frozen=True, slots=True)
class Cohort:
    """A patient's mean endpoint at each visit, and when the patient was followed up."""

    file: str
    sha256: str
    endpoint: str
    rows: int
    scores: pd.DataFrame  # patient, arm, visit, value: one row a patient and visit
    arms: tuple[str, ...]  # the control first
    visits: tuple[str, ...]  # in time, the baseline first
    follow_up: pd.DataFrame  # patient, arm, time in days or the file's unit, event 0 or 1
    no_number: int
    no_patient: int
    no_arm: int
    no_time: int
    not_stored: int  # rows of the table that name no scored case of the store


def read_table(path: Path) -> tuple[pd.DataFrame, str]:
    """A file of scores, CSV or Parquet, and its sha256. Raises as :func:`parse_table`."""
    return parse_table(path.name, content_of(path))


def content_of(path: Path) -> bytes:
    """What a file holds. Raises UnreadableFile."""
    try:
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise UnreadableFile(sentence("cohort.absent", file=path.name)) from exc
    except OSError as exc:
        raise UnreadableFile(sentence("cohort.unreadable", file=path.name)) from exc


def parse_table(name: str, content: bytes) -> tuple[pd.DataFrame, str]:
    """A table from the content of a file, as :func:`read_table` has it; its rows by their lines.

    Raises
    ------
    UnreadableFile, TooLarge
    ManifestError
        No row, no comma between the columns, or two columns of one name.
    """
    if not content.strip():
        raise ManifestError(sentence("cohort.no_rows", file=name))
    try:
        of_parquet = name.lower().endswith(".parquet")
        table = _of_parquet(content, name) if of_parquet else _of_csv(content, name)
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, ImportError) as exc:
        raise UnreadableFile(sentence("cohort.unreadable", file=name)) from exc
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ManifestError(sentence("manifest.column_twice", column=twice[0], file=name))
    if table.empty:
        raise ManifestError(sentence("cohort.no_rows", file=name))
    return table, hashlib.sha256(content).hexdigest()


def _of_csv(content: bytes, name: str) -> pd.DataFrame:
    """All cells as text, in the columns that have a name. Raises ManifestError."""
    content = content.lstrip()
    head = re.split(rb"[\r\n]", content, maxsplit=1)[0]
    other = next((mark for mark in OTHER_MARKS if mark.encode() in head), "")
    if other and b"," not in head:
        kind = name_of("separator", OTHER_MARKS[other])
        raise ManifestError(sentence("cohort.separator", file=name, separator=kind))
    # with a header pandas takes the first column for names of rows where rows end in a comma
    rows = pd.read_csv(
        BytesIO(content),
        dtype=str,
        keep_default_na=False,
        header=None,
        skip_blank_lines=False,  # lines of the file are counted
    ).fillna("")
    rows.columns = pd.Index([cell.strip() for cell in rows.iloc[0]])
    rows.index += 1
    rows = rows.iloc[1:]
    return rows.loc[(rows != "").any(axis=1), rows.columns != ""]


def _of_parquet(content: bytes, name: str) -> pd.DataFrame:
    """Raises TooLarge."""
    from pyarrow.parquet import read_metadata

    about = read_metadata(BytesIO(content))
    if about.num_rows * about.num_columns > MOST_CELLS:
        raise TooLarge(sentence("cohort.too_large", file=name, cells=MOST_CELLS))
    table = pd.read_parquet(BytesIO(content))
    table.index = pd.RangeIndex(2, len(table) + 2)  # as in a file with a heading
    return table.rename(columns=lambda column: str(column).strip())


def endpoints(table: pd.DataFrame) -> tuple[str, ...]:
    """The columns that hold numbers, logits first."""
    taken = {*PATIENT, *DATES, "case_id", "arm", "visit", "time", "event", "row", "line", "taken"}
    found = [
        str(name)
        for name in table.columns
        if name not in taken and pd.to_numeric(table[name], errors="coerce").notna().any()
    ]
    return tuple(sorted(found, key=lambda name: not name.endswith("logit")))


def read_cohort(
    path: Path,
    endpoint: str | None = None,
    control: str | None = None,
    baseline: str | None = None,
    stored: Sequence[Mapping[str, str | float]] | None = None,
) -> Cohort:
    """Read a file of scores.

    ``endpoint`` is a column, or a finding, whose logit is meant; without one the first of
    :func:`endpoints`. ``control`` is the arm that the others are compared with, else the first of
    the file; ``baseline`` the visit to begin from, else the first in time (:func:`in_time`). With
    ``stored`` the scores are those of a store's cases, which the file gives arms and visits.

    Raises
    ------
    UnreadableFile, ManifestError
    """
    table, sha256 = read_table(path)
    not_stored = 0
    if stored is not None:
        table, not_stored = joined(table, stored, path.name)
    named = column(table, endpoint, path.name)
    who = next((name for name in PATIENT if name in table), None)
    if who is None:
        raise ManifestError(sentence("cohort.no_patient", file=path.name, column=PATIENT[0]))
    rows = pd.DataFrame(
        {
            "patient": _text(table, who),
            "arm": _text(table, "arm"),
            "visit": _text(table, "visit"),
            "value": pd.to_numeric(table[named], errors="coerce").astype(float),
        }
    )
    number = rows["value"].abs() < LARGEST
    counted = number & (rows["patient"] != "")
    known = counted & (rows["arm"] != "") & (rows["visit"] != "")
    kept = rows[known]
    if kept.empty:
        raise ManifestError(sentence("cohort.empty", file=path.name, column=named))
    changed = kept["arm"] != kept.groupby("patient")["arm"].transform("first")
    if changed.any():
        moved, line = int(kept["patient"][changed].nunique()), int(changed.index[changed][0])
        raise ManifestError(sentence("cohort.two_arms", file=path.name, patients=moved, line=line))
    arms = _first(tuple(dict.fromkeys(kept["arm"])), control, "arm")
    scores = kept.groupby(["patient", "arm", "visit"], sort=False)["value"].mean().reset_index()
    people, no_time = follow_up(table.loc[known], kept, path.name)
    return Cohort(
        file=path.name,
        sha256=sha256,
        endpoint=named,
        rows=len(rows),
        scores=scores,
        arms=arms,
        visits=_first(in_time(kept["visit"]), baseline, "visit"),
        follow_up=people,
        no_number=int((~number).sum()),
        no_patient=int((number & (rows["patient"] == "")).sum()),
        no_arm=int((counted & ~known).sum()),
        no_time=no_time,
        not_stored=not_stored,
    )


def column(table: pd.DataFrame, endpoint: str | None, file: str) -> str:
    """The column of an endpoint. Raises ManifestError, naming those there are."""
    known = endpoints(table)
    if not known:
        raise ManifestError(sentence("cohort.no_numbers", file=file))
    wanted = [endpoint, f"{endpoint}.logit"] if endpoint else list(known[:1])
    found = next((name for name in wanted if name in known), None)
    if found is None:
        raise ManifestError(
            sentence("cohort.no_endpoint", name=endpoint or "", known=tuple(known[:20]))
        )
    return found


def _text(table: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in table:
        return pd.Series(ALL, index=table.index, dtype=object)
    return table[name].map(word_of)


def in_time(visits: Iterable[str]) -> tuple[str, ...]:
    """Visits by their numbers or days, where all are of one form as "week 4"; else as they come.

    "screening" and "baseline" stand before those with a number.
    """
    found = list(dict.fromkeys(visits))
    begun = [v for name in FIRST for v in found if v.lower() == name]
    rest = [v for v in found if v not in begun]
    numbers = pd.to_numeric(pd.Series(rest, dtype=object), errors="coerce")
    if numbers.notna().all():
        return (*begun, *(rest[k] for k in np.argsort(numbers.to_numpy(), kind="stable")))
    if all(DAY.match(v) for v in rest):
        return (*begun, *sorted(rest))
    if len({NUMBER.sub("#", v.lower()) for v in rest}) == 1 and len(NUMBER.findall(rest[0])) == 1:
        return (*begun, *sorted(rest, key=lambda v: float(NUMBER.findall(v)[0])))
    return tuple(found)


def _first(names: tuple[str, ...], wanted: str | None, kind: str) -> tuple[str, ...]:
    """The names with the wanted one first. Raises ManifestError."""
    if wanted is None:
        return names
    if wanted not in names:
        named = sentence(f"cohort.kind.{kind}")
        raise ManifestError(sentence("cohort.not_there", kind=named, name=wanted, known=names[:20]))
    return (wanted, *(name for name in names if name != wanted))
