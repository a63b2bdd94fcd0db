"""Judges one case: how sure the answer is, how strange the parts, whether they disagree.

Reads only what the forward pass left behind; about a millisecond. What it finds is said in
sentences for the page, the command line and the report.

Two modalities disagree where they pull a finding strongly in opposite directions. Strongly is as
strongly as half of the held-out cases of that label: one part speaks for the finding like the
median case that has it, another against it like the median case that has not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig
from mmbm.model.readout import coalitions
from mmbm.model.tables import LEVELS, TrustTables
from mmbm.predict import Finding, Prediction
from mmbm.text import Sentence, as_sentence, known, name_of, sentence
from mmbm.trust.conformal import answers
from mmbm.trust.prevalence import AS_CALIBRATED, Prevalences
from mmbm.trust.shift import Shift, nearest, shift_of

__all__ = [
    "Answer",
    "Disagreement",
    "Judgement",
    "Verdict",
    "answer_sentence",
    "check_level",
    "disagreements",
    "judge",
    "judge_by",
    "warnings_of",
]

Verdict = Literal["yes", "no", "not sure", "not assessed"]

# What a reader of files has warned of already, by what would say it again.
THE_SAME = {"trust.shift.notes.language": "io.notes.language"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Which labels a finding's answer holds at the level asked for; None where not fitted."""

    finding: str
    labels: frozenset[Literal["yes", "no"]] | None
    strange: bool  # every part given is flagged by its shift

    @property
    def verdict(self) -> Verdict:
        """The one label of the answer; "not sure" with both, none, or nothing familiar given."""
        if self.strange:
            return "not sure"
        if self.labels is None:
            return "not assessed"
        return next(iter(self.labels)) if len(self.labels) == 1 else "not sure"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Which parts speak for a finding, and which against it."""

    finding: str
    raising: tuple[str, ...]
    lowering: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be believed of one prediction. Empty where the model has no trust tables."""

    level: float
    assessed: bool  # whether the model has trust tables
    answers: tuple[Answer, ...]  # beside the prediction's findings
    shifts: tuple[Shift, ...]  # of the parts that the model read
    disagreements: tuple[Disagreement, ...]

    @property
    def flagged(self) -> tuple[Shift, ...]:
        """The parts that are unlike what the model learned from."""
        return tuple(shift for shift in self.shifts if shift.flagged)


def judge(
    case: Case,
    prediction: Prediction,
    config: ModelConfig,
    level: float = 0.9,
    prevalences: Prevalences = AS_CALIBRATED,
) -> Judgement:
    """Judge a prediction at one of ``LEVELS``, for a reader's prevalences.

    Raises
    ------
    ConfigError
        Another level.
    """
    cues = {
        m: branch_of(m).cues(case.parts[m], part, config.of(m))
        for m, part in prediction.features.prepared.items()
        if prediction.trust is not None
    }
    return judge_by(cues, prediction, level, prevalences)


def check_level(level: float) -> None:
    """Refuse a level that no answer can be had at. Raises ConfigError."""
    if level not in LEVELS:
        raise ConfigError(sentence("trust.level", level=level, known=", ".join(map(str, LEVELS))))


def judge_by(
    cues: Mapping[str, Mapping[str, float]],
    prediction: Prediction,
    level: float = 0.9,
    prevalences: Prevalences = AS_CALIBRATED,
) -> Judgement:
    """Judge a prediction by what the branches said of its parts (``Branch.cues``), by modality.

    An answer that hangs on a part unlike what the model learned from is not sure: it holds what
    the case says with that part and what it says without.

    The answers hold at any prevalence, but nobody should read "yes" of what is probably not so
    where the reader works: the likelier label there joins the answer, which then is not sure.
    That only adds to how often the truth is held.

    Raises
    ------
    ConfigError
        Another level.
    """
    check_level(level)
    tables = prediction.trust
    findings = tuple(f.name for f in prediction.findings)
    if tables is None:
        unfitted = tuple(Answer(name, None, False) for name in findings)
        return Judgement(level, False, unfitted, (), ())
    means = prediction.features.means
    shifts = tuple(
        shift_of(tables, modality, means[prediction.place(modality)], cues[modality])
        for modality in prediction.present
    )
    given = torch.tensor([m in prediction.present for m in prediction.modalities])
    familiar = given & torch.tensor([not _flagged(m, shifts) for m in prediction.modalities])
    inside = _inside(prediction, tables, level, given)
    if familiar.any() and not familiar.equal(given):
        inside = torch.maximum(inside, _inside(prediction, tables, level, familiar))
    return Judgement(
        level=level,
        assessed=True,
        answers=tuple(
            Answer(f.name, _likelier(_labels(row), prevalences, f), not familiar.any())
            for f, row in zip(prediction.findings, inside.tolist(), strict=True)
        ),
        shifts=shifts,
        disagreements=disagreements(
            findings,
            prediction.modalities,
            prediction.readout.contributions(means),
            tables.pushes,
        ),
    )


def _flagged(modality: str, shifts: tuple[Shift, ...]) -> bool:
    return any(shift.flagged for shift in shifts if shift.modality == modality)


def _inside(prediction: Prediction, tables: TrustTables, level: float, heard: Tensor) -> Tensor:
    """Which labels are in each answer with what is ``heard``, (modalities,): (findings, 2)."""
    means = prediction.features.means * heard[:, None]
    return answers(
        tables,
        level,
        int((heard == coalitions(len(heard))).all(1).nonzero()[0, 0]),
        torch.from_numpy(nearest(tables, means[None], heard[None])),
        prediction.readout.logits(means).sigmoid()[None],
    )[0]


def _labels(row: list[float]) -> frozenset[Literal["yes", "no"]] | None:
    no, yes = row
    if no != no or yes != yes:  # NaN
        return None
    held: list[Literal["yes", "no"]] = []
    if yes:
        held.append("yes")
    if no:
        held.append("no")
    return frozenset(held)


def _likelier(
    labels: frozenset[Literal["yes", "no"]] | None, prevalences: Prevalences, finding: Finding
) -> frozenset[Literal["yes", "no"]] | None:
    """An answer of one label, and the likelier one at the prevalence that was set."""
    if labels is None or len(labels) != 1 or finding.name not in prevalences.wanted:
        return labels
    likely = prevalences.probability(finding.name, finding.logit) >= 0.5
    return labels | {"yes" if likely else "no"}


def disagreements(
    findings: tuple[str, ...], modalities: tuple[str, ...], contributions: Tensor, pushes: Tensor
) -> tuple[Disagreement, ...]:
    """One for each finding over which modalities disagree; contributions (findings, modalities)."""
    found = []
    for c, finding in enumerate(findings):
        low, high = pushes[c, :, 0], pushes[c, :, 1]
        raising, lowering = (
            tuple(m for m, strong in zip(modalities, side.tolist(), strict=True) if strong)
            for side in (
                (contributions[c] >= high) & (contributions[c] > 0),
                (contributions[c] <= low) & (contributions[c] < 0),
            )
        )
        if raising and lowering:
            found.append(Disagreement(finding, raising, lowering))
    return tuple(found)


def answer_sentence(answer: Answer, level: float) -> Sentence:
    """One finding's answer at a level."""
    if answer.strange:
        return sentence("trust.strange")
    if answer.labels is None:
        return sentence("trust.answer_not_assessed")
    holds = "both" if len(answer.labels) == 2 else next(iter(answer.labels), "none")
    return sentence(f"trust.answer.{holds}", level=level)


def warnings_of(judgement: Judgement, said_before: Collection[str] = ()) -> tuple[Sentence, ...]:
    """What the reader should know before believing the numbers; the lung finder speaks itself.

    ``said_before`` are other warnings of the case: what they tell is not told again.
    """
    before = {getattr(warning, "code", "") for warning in said_before}
    if not judgement.assessed:
        return (sentence("trust.not_assessed"),)
    said = [told for shift in judgement.flagged if (told := _unlike(shift))]
    said = [told for told in said if THE_SAME.get(told.code) not in before]
    if judgement.disagreements:
        over = tuple(_apart(d) for d in judgement.disagreements)
        said.append(sentence("trust.disagreement", findings=over))
    return tuple(said)


def _unlike(shift: Shift) -> Sentence | None:
    """What to say of a part out of distribution; None where its branch says it itself."""
    code = f"trust.shift.{shift.modality}.{shift.cue}"
    if known(code):
        return sentence(f"trust.shift.{shift.modality}.{shift.cue}")
    said = branch_of(shift.modality).unlike.get(shift.cue)
    return None if said is None else as_sentence(said)


def _apart(disagreement: Disagreement) -> Sentence:
    raising, lowering = (
        tuple(name_of("modality", modality) for modality in side)
        for side in (disagreement.raising, disagreement.lowering)
    )
    finding = name_of("finding", disagreement.finding)
    return sentence("trust.apart", finding=finding, raising=raising, lowering=lowering)
