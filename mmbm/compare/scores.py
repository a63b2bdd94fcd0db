"""Files of scores, and the cases that all of them have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmbm.cohort.follow_up import ANSWERS, known_word
from mmbm.cohort.stored import PATIENT, word_of
from mmbm.cohort.table import parse_table
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["Scores", "Together", "apart", "parse_labels", "parse_scores", "together"]

CASE = "case_id"
ENDING = ".probability"
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """A table with one row a case, by the case's name."""

    model: str
    file: str
    sha256: str
    table: pd.DataFrame

    @property
    def findings(self) -> tuple[str, ...]:
        """What it has probabilities of."""
        names = map(str, self.table.columns)
        return tuple(n.removesuffix(ENDING) for n in names if n.endswith(ENDING))

    def probabilities(self, finding: str, cases: pd.Index[str]) -> Values:
        """(n,) in [0, 1], NaN where there is none. Raises ManifestError."""
        column = f"{finding}{ENDING}"
        numbers = pd.to_numeric(self.table.loc[cases, column], errors="coerce")
        found: Values = numbers.to_numpy(np.float64)
        if ((found < 0) | (found > 1)).any():
            raise ManifestError(sentence("compare.not_probability", file=self.file, column=column))
        return found


def _label(cell: object) -> str:
    """A label's 1 or 0, also where it is said as yes, no, true or false; else its word."""
    said = known_word(cell)
    return f"{ANSWERS[said]:.0f}" if said in ANSWERS else said


def parse_labels(name: str, content: bytes) -> Scores:
    """A table of cases, such as a manifest. Raises UnreadableFile, TooLarge, ManifestError."""
    table, sha256 = parse_table(name, content)
    if CASE not in table:
        raise ManifestError(sentence("compare.no_case_column", file=name))
    table.index = pd.Index(table[CASE].map(word_of))
    nameless = int((table.index == "").sum())
    if nameless:
        raise ManifestError(sentence("compare.no_name", file=name, cases=nameless))
    twice = table.index.duplicated()
    if twice.any():
        cases = int(table.index[twice].nunique())
        raise ManifestError(sentence("compare.twice", file=name, cases=cases))
    return Scores(Path(name).stem, name, sha256, table)


def parse_scores(name: str, content: bytes) -> Scores:
    """A table with ``case_id`` and ``<finding>.probability``, CSV or Parquet.

    Raises
    ------
    UnreadableFile, TooLarge, ManifestError
    """
    scores = parse_labels(name, content)
    if not scores.findings:
        raise ManifestError(sentence("compare.no_scores", file=name))
    return scores


def apart(names: Sequence[str]) -> list[str]:
    """Models' names, those of one name told apart by their number."""
    return [f"{n} ({k})" if names.count(n) > 1 else n for k, n in enumerate(names, 1)]


@dataclass(frozen=True, slots=True)
class Together:
    """What all files say of the cases that all of them have."""

    files: tuple[Scores, ...]
    told: tuple[Scores, ...]  # where labels, patients and splits stand
    cases: pd.Index[str]
    in_some: int

    def text(self, column: str, read: Callable[[object], str] = word_of) -> pd.Series[str] | None:
        """What a column says of each case, "" where it says nothing; None where none has it.

        Raises
        ------
        ManifestError
            Two files say different things of a case.
        """
        found: pd.Series[str] | None = None
        for told in self.told:
            if column not in told.table:
                continue
            said = told.table[column].reindex(self.cases).map(read)
            if found is None:
                found = said
                continue
            differ = int(((found != said) & (found != "") & (said != "")).sum())
            if differ:
                raise ManifestError(sentence("compare.disagree", column=column, cases=differ))
            found = found.where(found != "", said)
        return found

    def labels(self, finding: str) -> tuple[Values, NDArray[np.bool_]] | None:
        """(n,) 0, 1 or NaN, and (n,) where a label is neither; None where no file has the column.

        Raises ManifestError.
        """
        said = self.text(finding, _label)
        if said is None:
            return None
        numbers: Values = np.asarray(said.map(ANSWERS), np.float64)
        return numbers, np.isnan(numbers) & (said != "").to_numpy()

    def patients(self) -> tuple[NDArray[np.str_], bool]:
        """(n,) whose case it is, and whether a file says so; else each case is a patient."""
        for column in PATIENT:
            said = self.text(column)
            if said is not None and (said != "").any():
                own = np.array([f"\0{case}" for case in self.cases], dtype=str)
                return np.where(said == "", own, said.to_numpy(str)), True
        return self.cases.to_numpy(str), False

    def of_split(self, split: str | None) -> tuple[Together, str | None]:
        """The cases of a split, and which it is; None: test where there is one, else all.

        Raises
        ------
        ManifestError
        """
        said = self.text("split")
        known = () if said is None else tuple(sorted(set(said) - {""}))
        if split is None and "test" in known:
            split = "test"
        if split is None or split == "all":
            return self, None
        if said is None or split not in known:
            raise ManifestError(sentence("compare.no_split", split=split, known=known or ("–",)))
        return Together(self.files, self.told, self.cases[said == split], self.in_some), split


def together(files: Sequence[Scores], labels: Scores | None) -> Together:
    """The cases of all files; what is known of them stands in ``labels``, else in the files.

    Raises
    ------
    ManifestError
        There are no such cases.
    """
    told = (*files,) if labels is None else (labels,)
    cases = files[0].table.index
    every = files[0].table.index
    for other in (*files[1:], *([] if labels is None else [labels])):
        cases = cases.intersection(other.table.index, sort=False)
    for other in files[1:]:
        every = every.union(other.table.index, sort=False)
    if not len(cases):
        raise ManifestError(sentence("compare.no_common"))
    return Together(tuple(files), told, cases, len(every) - len(cases))
