"""Analysis: one case with everything the model has to say of it, and how far to believe it.

The page, the command line, the report and the benchmarks take one; none puts one together itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.explain.ledger import Ledger, ledger
from mmbm.explain.maps import EvidenceMaps, finer_maps
from mmbm.predict import Prediction, Predictor, load
from mmbm.record import Level
from mmbm.trust.judge import Judgement, judge, warnings_of
from mmbm.trust.prevalence import AS_CALIBRATED, Prevalences

__all__ = ["Analysis", "Standing", "analyse", "late_warnings"]

Standing = Level | Literal["not_assessed"]
KEPT = ("accounts", "maps")  # of one prediction, whatever level and prevalence


@dataclass(frozen=True, eq=False)
class Analysis:
    """A case, the prediction, and what is read off it, each worked out when first asked for.

    All of it comes from the features that the forward pass left behind, but for ``maps``, for
    which a branch may read its part again.
    """

    case: Case
    predictor: Predictor
    prediction: Prediction
    level: float = 0.9  # share of cases whose answer shall hold the truth, one of LEVELS
    prevalences: Prevalences = AS_CALIBRATED  # how common the findings are for the reader

    @cached_property
    def accounts(self) -> tuple[Ledger, ...]:
        """One a finding, in calibrated log-odds: base + contributions = logit."""
        return ledger(self.prediction)

    @cached_property
    def maps(self) -> tuple[EvidenceMaps, ...]:
        """One a finding: its contributions spread over the parts, in log-odds."""
        return finer_maps(self.predictor, self.prediction)

    @cached_property
    def judgement(self) -> Judgement:
        """The answers at ``level``, what is out of distribution, and which parts disagree."""
        return judge(
            self.case,
            self.prediction,
            self.predictor.config,
            self.level,
            self.prevalences,
        )

    @property
    def findings(self) -> tuple[str, ...]:
        """Their names, in the order of ``accounts`` and ``maps``."""
        return tuple(finding.name for finding in self.prediction.findings)

    @property
    def standing(self) -> dict[str, Standing]:
        """What each finding may be called by the model's evaluation record."""
        levels = self.predictor.standing
        return {name: levels.get(name, "not_assessed") for name in self.findings}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything to know before believing the numbers, a sentence each."""
        late = late_warnings(self.prediction)
        before = (*self.prediction.warnings, *late)
        return (*before, *warnings_of(self.judgement, before))

    def account(self, finding: str) -> Ledger:
        """One finding's account as calibrated. Raises ValueError for another's name."""
        return self.accounts[self.findings.index(finding)]

    def map(self, finding: str) -> EvidenceMaps:
        """One finding's maps. Raises ValueError for another's name."""
        return self.maps[self.findings.index(finding)]

    def at(self, level: float, wanted: Mapping[str, float] | None = None) -> Analysis:
        """The same case judged at another level, or for a reader's prevalences.

        ``wanted`` holds the share of patients with a finding, in (0, 1), by its name; a finding
        that is not named stays as calibrated.

        Raises
        ------
        ConfigError
            A level that was not fitted, no such finding, or a share that is none.
        """
        common = Prevalences(self.prevalences.calibrated, dict(wanted or {}))
        other = replace(self, level=level, prevalences=common)
        for name in KEPT:
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        _ = other.judgement  # refuses a level that was not fitted
        return other


def analyse(
    case: Case,
    predictor: Predictor | None = None,
    *,
    level: float = 0.9,
    prevalence: Mapping[str, float] | None = None,
) -> Analysis:
    """Score a case and account for it; without a predictor, by the default model.

    ``level`` and ``prevalence`` are as in :meth:`Analysis.at`.

    Raises
    ------
    NoSignal, OutOfMemory, ModelError, ConfigError

    >>> import mmbm
    >>> case = mmbm.read_case(notes="Fever and cough for five days. Denies chest pain.")
    >>> account = mmbm.analyse(case).account("pneumonia")
    >>> sorted(account.contributions)
    ['audio', 'image', 'notes']
    >>> account.residual < 1e-5
    True
    """
    by = predictor if predictor is not None else _default()
    calibrated = Prevalences(by.calibrated)
    return Analysis(case, by, by.predict(case), prevalences=calibrated).at(level, prevalence)


def late_warnings(prediction: Prediction) -> tuple[str, ...]:
    """What the branches find of the parts beyond what the prediction needed."""
    prepared = prediction.features.prepared
    return tuple(w for m, part in prepared.items() for w in branch_of(m).late_warnings(part))


@cache
def _default() -> Predictor:
    """Loaded when first asked for, and kept."""
    return load()
