"""Reader, model and both together: how often they agree, and how often each is right.

What "right" means is said with every figure. With labels given, such as a biopsy's or a panel's, it
is the label. Without, the only reference is the reader's own final answer, given after the model's
was seen: then both together cannot be judged at all, and the model looks better than it is, because
it had a part in its own reference.

Only answers of yes and no count as right or wrong; how often somebody was not sure is told beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mmbm.reading import Answer, Decision, Reading

__all__ = [
    "AGES",
    "DecidedCase",
    "Group",
    "ModelAnswer",
    "Reference",
    "Share",
    "TeamRow",
    "TeamTable",
    "Verdict",
    "agreement_by",
    "apart",
    "team_table",
]

Verdict = Literal["yes", "no", "not sure", "not assessed"]
Reference = Literal["labels", "final readings"]
Group = Literal["sex", "age", "view", "source", "reader"]
Role = Literal["reader", "model", "both"]
AGES = (18, 40, 65)  # years at which the groups of age begin, but for the first
Z = 1.959963984540054  # of 95 %


class ModelAnswer(BaseModel):
    """The model's answer to one finding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    probability: float
    logit: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """One reader's newest reading of a case, beside what the model said of it."""

    case_id: str
    patient: str = field(repr=False)
    taken: date | None = field(repr=False)
    source: str
    sex: str
    age: float | None  # years
    view: str
    reading: Reading
    model: Mapping[str, ModelAnswer]  # by finding; empty before it is scored


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of`` cases, with its 95 % interval (Wilson, JASA 1927).

    The interval takes the cases for independent; several cases of one patient make it too narrow.
    """

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """In [0, 1]; None of no case."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In [0, 1]; None of no case."""
        if not self.of:
            return None
        n, p = self.of, self.count / self.of
        middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """How one of the team does on one finding.

    ``sensitivity`` and ``specificity`` are None where the reference says nothing of this role.
    """

    role: Role  # the reader alone (first answers), the model, or both (final answers)
    reader: str  # blank for all readers together
    cases: int  # that this role answered, with not sure
    unsure: int  # of them
    sensitivity: Share | None
    specificity: Share | None


@dataclass(frozen=True, slots=True)
class TeamTable:
    """One finding: how reader, model and both do, and how often reader and model agree."""

    finding: str
    reference: Reference
    rows: tuple[TeamRow, ...]
    agreement: Share  # of the first answers with the model's, else of the final ones
    blind: int  # of these, answers that were fixed before the model's were seen


def team_table(
    cases: Iterable[DecidedCase],
    finding: str,
    labels: Mapping[str, bool] | None = None,
    *,
    by_reader: bool = False,
) -> TeamTable:
    """The figures of one finding.

    ``labels`` are the reference by case, where there is one; without, each reader's final answers.
    ``by_reader`` adds each reader's own rows.
    """
    told = [case for case in cases if case.reading.decision(finding) is not None]
    rows = list(_rows(told, finding, labels, ""))
    if by_reader:
        for reader in sorted({case.reading.reader for case in told}):
            own = [case for case in told if case.reading.reader == reader]
            rows += [row for row in _rows(own, finding, labels, reader) if row.role != "model"]
    return TeamTable(
        finding=finding,
        reference="final readings" if labels is None else "labels",
        rows=tuple(rows),
        agreement=_agreement(told, finding),
        blind=sum(
            _alone(case, finding) is not None and _apart(case, finding) is not None for case in told
        ),
    )


def agreement_by(cases: Iterable[DecidedCase], finding: str, group: Group) -> dict[str, Share]:
    """How often reader and model agree, by a group; what is not known of a case is blank.

    Ages are ``0-17``, ``18-39``, ``40-64`` and ``65-``.
    """
    name: dict[Group, Callable[[DecidedCase], str]] = {
        "sex": lambda case: case.sex,
        "age": lambda case: _age_group(case.age),
        "view": lambda case: case.view,
        "source": lambda case: case.source,
        "reader": lambda case: case.reading.reader,
    }
    groups: dict[str, list[DecidedCase]] = {}
    for case in cases:
        groups.setdefault(name[group](case), []).append(case)
    return {name: _agreement(groups[name], finding) for name in sorted(groups)}


def apart(cases: Iterable[DecidedCase], finding: str) -> list[DecidedCase]:
    """The cases in which reader and model gave opposite answers: the teaching list."""
    return [case for case in cases if _apart(case, finding) is True]


def _rows(
    cases: Sequence[DecidedCase], finding: str, labels: Mapping[str, bool] | None, reader: str
) -> Iterable[TeamRow]:
    final_is_reference = labels is None
    sides: dict[Role, Callable[[DecidedCase], Answer | None]] = {
        "reader": lambda case: _alone(case, finding),
        "model": lambda case: _of_model(case, finding),
        "both": lambda case: _decision(case, finding).final,
    }
    for role, answer in sides.items():
        answers = [(_truth(case, finding, labels), answer(case)) for case in cases]
        given = [(truth, said) for truth, said in answers if said is not None]
        judged = [
            (truth, said) for truth, said in given if truth is not None and said != "not sure"
        ]
        known = not (final_is_reference and role == "both")
        ill = [said for truth, said in judged if truth is True]
        well = [said for truth, said in judged if truth is False]
        yield TeamRow(
            role=role,
            reader=reader,
            cases=len(given),
            unsure=sum(said == "not sure" for _, said in given),
            sensitivity=Share(ill.count("yes"), len(ill)) if known else None,
            specificity=Share(well.count("no"), len(well)) if known else None,
        )


def _truth(case: DecidedCase, finding: str, labels: Mapping[str, bool] | None) -> bool | None:
    if labels is not None:
        return labels.get(case.case_id)
    final = _decision(case, finding).final
    return None if final in (None, "not sure") else final == "yes"


def _decision(case: DecidedCase, finding: str) -> Decision:
    return case.reading.decision(finding) or Decision(finding=finding, reason="")


def _alone(case: DecidedCase, finding: str) -> Answer | None:
    """The first answer, where it was fixed before the model's was seen."""
    return _decision(case, finding).first if case.reading.locked_at is not None else None


def _of_model(case: DecidedCase, finding: str) -> Answer | None:
    told = case.model.get(finding)
    return None if told is None or told.verdict == "not assessed" else told.verdict


def _apart(case: DecidedCase, finding: str) -> bool | None:
    """Whether reader and model are opposed; None where one of them says neither yes nor no."""
    made, model = _decision(case, finding), _of_model(case, finding)
    said = made.first if made.first is not None else made.final
    if said in (None, "not sure") or model in (None, "not sure"):
        return None
    return said != model


def _agreement(cases: Sequence[DecidedCase], finding: str) -> Share:
    compared = [opposed for case in cases if (opposed := _apart(case, finding)) is not None]
    return Share(compared.count(False), len(compared))


def _age_group(years: float | None) -> str:
    if years is None:
        return ""
    begins = max((age for age in AGES if years >= age), default=0)
    ends = next((str(age - 1) for age in AGES if age > years), "")
    return f"{begins}-{ends}"
