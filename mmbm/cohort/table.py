"""The table of a cohort: one row a score, with its patient, arm and visit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from mmbm.cohort.stored import PATIENT, joined, word_of
from mmbm.errors import ManifestError, TooLarge, UnreadableFile
from mmbm.text import sentence

__all__ = ["Cohort", "endpoints", "parse_table", "read_cohort", "read_table"]

ALL = "all"  # the arm or visit where no column names any
MOST_CELLS = 50_000_000  # of a Parquet file, which may unpack to far more than its size
DATES = ("start_date", "end_date")
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
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise UnreadableFile(sentence("cohort.unreadable", file=path.name)) from exc
    return parse_table(path.name, content)


def parse_table(name: str, content: bytes) -> tuple[pd.DataFrame, str]:
    """A table from the content of a file, as :func:`read_table` has it.

    Raises
    ------
    UnreadableFile, TooLarge
    ManifestError
        Two columns have one name.
    """
    try:
        table = _of_parquet(content, name) if name.endswith(".parquet") else _of_csv(content)
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, ImportError) as exc:
        raise UnreadableFile(sentence("cohort.unreadable", file=name)) from exc
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ManifestError(sentence("manifest.column_twice", column=twice[0], file=name))
    return table, hashlib.sha256(content).hexdigest()


def _of_csv(content: bytes) -> pd.DataFrame:
    """All cells as text, in the columns that have a name."""
    # with a header pandas takes the first column for names of rows where rows end in a comma
    rows = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, header=None)
    rows.columns = pd.Index([cell.strip() for cell in rows.iloc[0].fillna("")])
    return rows.loc[:, rows.columns != ""].iloc[1:].reset_index(drop=True)


def _of_parquet(content: bytes, name: str) -> pd.DataFrame:
    """Raises TooLarge."""
    from pyarrow.parquet import read_metadata

    about = read_metadata(BytesIO(content))
    if about.num_rows * about.num_columns > MOST_CELLS:
        raise TooLarge(sentence("cohort.too_large", file=name, cells=MOST_CELLS))
    table = pd.read_parquet(BytesIO(content))
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
    the file; ``baseline`` the first visit, else the lowest number, or the first of the file. With
    ``stored`` the scores are those of a store's cases, which the file gives arms and visits.

    Raises
    ------
    UnreadableFile, ManifestError
    """
    table, sha256 = read_table(path)
    not_stored = 0
    if stored is not None:
        table, not_stored = joined(table, stored, path.name)
    named = column(table, endpoint)
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
    changing = int((kept.groupby("patient")["arm"].nunique() > 1).sum())
    if changing:
        raise ManifestError(sentence("cohort.two_arms", file=path.name, patients=changing))
    arms = _first(tuple(dict.fromkeys(kept["arm"])), control, "arm")
    scores = kept.groupby(["patient", "arm", "visit"], sort=False)["value"].mean().reset_index()
    follow_up, no_time = _follow_up(table.loc[known], kept, path.name)
    return Cohort(
        file=path.name,
        sha256=sha256,
        endpoint=named,
        rows=len(rows),
        scores=scores,
        arms=arms,
        visits=_first(_in_time(kept["visit"]), baseline, "visit"),
        follow_up=follow_up,
        no_number=int((~number).sum()),
        no_patient=int((number & (rows["patient"] == "")).sum()),
        no_arm=int((counted & ~known).sum()),
        no_time=no_time,
        not_stored=not_stored,
    )


def column(table: pd.DataFrame, endpoint: str | None) -> str:
    """The column of an endpoint. Raises ManifestError, naming those there are."""
    known = endpoints(table)
    wanted = [endpoint, f"{endpoint}.logit"] if endpoint else list(known[:1])
    found = next((name for name in wanted if name in known), None)
    if found is None:
        names = tuple(known[:20]) or ("–",)
        raise ManifestError(sentence("cohort.no_endpoint", name=endpoint or "", known=names))
    return found


def _text(table: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in table:
        return pd.Series(ALL, index=table.index, dtype=object)
    return table[name].map(word_of)


def _in_time(visits: pd.Series[str]) -> tuple[str, ...]:
    """Visits by their numbers where all are numbers, else as they come."""
    found = list(dict.fromkeys(visits))
    numbers = pd.to_numeric(pd.Series(found), errors="coerce")
    if numbers.notna().all():
        return tuple(found[k] for k in np.argsort(numbers.to_numpy(), kind="stable"))
    return tuple(found)


def _first(names: tuple[str, ...], wanted: str | None, kind: str) -> tuple[str, ...]:
    """The names with the wanted one first. Raises ManifestError."""
    if wanted is None:
        return names
    if wanted not in names:
        raise ManifestError(sentence("cohort.not_there", kind=kind, name=wanted, known=names[:20]))
    return (wanted, *(name for name in names if name != wanted))


def _follow_up(table: pd.DataFrame, kept: pd.DataFrame, file: str) -> tuple[pd.DataFrame, int]:
    """How long each patient was followed, from ``time`` or from two dates, and whether it ended.

    Raises
    ------
    ManifestError
        Dates that are not written as 2026-03-31; times or events that cannot be, or that differ
        between a patient's rows.
    """
    nobody = pd.DataFrame(columns=["patient", "arm", "time", "event"])
    dated = set(DATES) <= set(table)
    if "event" not in table or not ("time" in table or dated):
        return nobody, 0
    if "time" in table:
        time = pd.to_numeric(table["time"], errors="coerce")
    else:
        start, end = (_dates(table[name], file) for name in DATES)
        time = (end - start).dt.total_seconds() / 86_400
    event = pd.to_numeric(table["event"], errors="coerce")
    rows = kept.assign(time=time.astype(float), event=event.astype(float))
    rows = rows[np.isfinite(rows["time"]) & rows["event"].notna()]
    each = rows.groupby("patient", sort=False)
    if (
        (rows["time"] < 0).any()
        or not rows["event"].isin([0, 1]).all()
        or (each[["time", "event"]].nunique() > 1).any(axis=None)
    ):
        raise ManifestError(sentence("cohort.times", file=file))
    people = each[["arm", "time", "event"]].first().reset_index()
    return people, kept["patient"].nunique() - len(people)


def _dates(said: pd.Series[str], file: str) -> pd.Series[pd.Timestamp]:
    """Dates by ISO 8601, for in other forms day and month can be mistaken. Raises ManifestError."""
    found = pd.to_datetime(said, format="ISO8601", utc=True, errors="coerce")
    if (found.isna() & (said.map(word_of) != "")).any():
        raise ManifestError(sentence("cohort.dates", file=file))
    return found
