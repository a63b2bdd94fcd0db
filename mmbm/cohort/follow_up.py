"""How long each patient was followed, and whether that ended with the event."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmbm.cohort.stored import word_of
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["ANSWERS", "follow_up", "known_word"]

DATES = ("start_date", "end_date")
BLANK = {"", ".", "na", "n/a", "nan", "none", "null"}
ANSWERS = {"1": 1.0, "yes": 1.0, "true": 1.0, "0": 0.0, "no": 0.0, "false": 0.0}


def follow_up(table: pd.DataFrame, kept: pd.DataFrame, file: str) -> tuple[pd.DataFrame, int]:
    """Patient, arm, time and event, one row a patient; and how many patients have none.

    The time stands in ``time`` or between two dates, the event in ``event``: 1 or 0, yes or no,
    true or false. Both tables have the same rows, by their lines in the file.

    Raises
    ------
    ManifestError
        A cell that is neither blank nor a time, a date as 2026-03-31 or an event; a patient's rows
        that differ.
    """
    nobody = pd.DataFrame(columns=["patient", "arm", "time", "event"])
    if "event" not in table or not ("time" in table or set(DATES) <= set(table)):
        return nobody, 0
    if "time" in table:
        named, words = "time", _words(table["time"])
        time = pd.to_numeric(words, errors="coerce").astype(float)
        _refuse("time", (words != "") & ~((time >= 0) & np.isfinite(time)), named, file)
    else:
        start, end = (_dates(table[name], name, file) for name in DATES)
        named, time = "end_date", (end - start).dt.total_seconds() / 86_400
        _refuse("end", time < 0, named, file)
    words = _words(table["event"])
    event = words.map(ANSWERS).astype(float)
    _refuse("event", (words != "") & event.isna(), "event", file)
    rows = kept.assign(time=time, event=event)
    rows = rows[rows["time"].notna() & rows["event"].notna()]
    each = rows.groupby("patient", sort=False)
    for name, column in (("time", named), ("event", "event")):
        _refuse("two", rows[name] != each[name].transform("first"), column, file)
    people = each[["arm", "time", "event"]].first().reset_index()
    return people, kept["patient"].nunique() - len(people)


def _words(cells: pd.Series[str]) -> pd.Series[str]:
    """Cells as text in small letters; "" where nothing is known."""
    return cells.map(known_word)


def known_word(cell: object) -> str:
    """A cell as text in small letters; "" where it says that nothing is known."""
    said = word_of(cell).lower()
    return "" if said in BLANK else said


def _dates(said: pd.Series[str], column: str, file: str) -> pd.Series[pd.Timestamp]:
    """Dates by ISO 8601, for in other forms day and month can be mistaken. Raises ManifestError."""
    words = _words(said)
    dated = words.where(words != "", None)
    found = pd.to_datetime(dated.str.upper(), format="ISO8601", utc=True, errors="coerce")
    _refuse("date", found.isna() & (words != ""), column, file)
    return found


def _refuse(what: str, wrong: pd.Series[bool], column: str, file: str) -> None:
    """Raises ManifestError, which names the first line that is wrong."""
    if wrong.any():
        line, lines = int(wrong.index[wrong][0]), int(wrong.sum())
        raise ManifestError(
            sentence(f"cohort.wrong.{what}", file=file, column=column, line=line, lines=lines)
        )
