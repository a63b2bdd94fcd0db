"""Scores of stored cases, with the arms and visits that a table gives their patients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["PATIENT", "joined", "word_of"]

PATIENT = ("patient_id", "patient")
CASE = "case_id"
LINE = "\0line"  # of the table's file
WHOLE = re.compile(r"-?[0-9]+\.0")


def joined(
    table: pd.DataFrame, stored: Sequence[Mapping[str, str | float]], file: str
) -> tuple[pd.DataFrame, int]:
    """The stored cases that ``table`` names, and how many of its rows name none.

    A row names a case by ``case_id``; else all cases of a patient, or with ``taken`` those of that
    day. Without a column ``visit`` a patient's cases are visits 1, 2, … in the order of their days;
    of several cases of a patient, those without a day have no visit.

    Raises
    ------
    ManifestError
        No case is named, several rows name the same ones, or several models scored them.
    """
    cases = pd.DataFrame(list(stored))
    if cases.empty:
        raise ManifestError(sentence("cohort.none_stored"))
    named = next((name for name in PATIENT if name in table), None)
    table = table.rename(columns={named: PATIENT[0]} if named else {})
    keys = [CASE] if CASE in table else [n for n in (PATIENT[0], "taken") if n in table]
    if not {CASE, PATIENT[0]} & set(keys):
        raise ManifestError(sentence("cohort.no_patient", file=file, column=PATIENT[0]))
    said = [n for n in (PATIENT[0], "taken") if n in table and n not in keys]
    cases = cases.drop(columns=said)  # what the table says of a case it names holds
    own = [n for n in table if n in keys or n not in cases]
    table = table[own].assign(**{key: table[key].map(word_of) for key in keys})
    table[LINE] = table.index
    every = len(table)
    table = table[(table[keys] != "").all(axis=1)]
    if table.duplicated(keys).any():
        columns = tuple(keys)
        raise ManifestError(sentence("cohort.named_twice", file=file, columns=columns))
    rows = cases.merge(table, on=keys, how="inner", sort=False).set_index(LINE)
    if rows.empty:
        raise ManifestError(sentence("cohort.not_stored", file=file))
    models = rows["model_sha256"].nunique()
    if models > 1:
        raise ManifestError(sentence("cohort.several_models", models=models))
    missing = every - len(rows[keys].drop_duplicates())
    return (rows if "visit" in rows else rows.assign(visit=_visits(rows))), missing


def word_of(value: object) -> str:
    """A cell as text; a whole number that was kept as 1.0 is 1."""
    said = "" if pd.isna(value) else str(value).strip()  # type: ignore[call-overload]
    return said[:-2] if WHOLE.fullmatch(said) else said


def _visits(rows: pd.DataFrame) -> pd.Series[str]:
    """Each case's place among its patient's days; "" where that is not known."""
    day = rows["taken"].where(rows["taken"] != "")
    place = day.groupby(rows[PATIENT[0]]).rank(method="dense")
    alone = rows.groupby(PATIENT[0])[CASE].transform("count") == 1
    place = place.where(~alone, 1.0)
    return place.map(lambda at: "" if pd.isna(at) else str(int(at)))
