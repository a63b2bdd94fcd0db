"""Prevalence: what a probability becomes where a finding is rarer or commoner than at calibration.

A calibrated probability holds where the finding is as common as it was among the cases of the
calibration. Where it is not, and sick and healthy cases look the same all the same, the log-odds
move by the difference of the two prior log-odds, and nothing else changes:
``logit(p') = logit(p) + logit(prevalence') - logit(prevalence)``.

The yes/no answers (:mod:`mmbm.trust.conformal`) keep their promise at any prevalence, for it is
given apart among cases that have the finding and among those that do not.

Source: Elkan, The foundations of cost-sensitive learning, IJCAI 2001; Saerens et al., Adjusting the
outputs of a classifier to new a priori probabilities, Neural Computation 2002.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.errors import ConfigError
from mmbm.model.facts import Calibrated
from mmbm.text import sentence

__all__ = ["AS_CALIBRATED", "Prevalences", "counted", "facts_of"]

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prevalences:
    """How common the findings were at calibration, and how common they are for the reader."""

    calibrated: Mapping[str, Calibrated]
    wanted: Mapping[str, float] = field(default_factory=dict)  # in (0, 1); others: as calibrated

    def __post_init__(self) -> None:
        """Raises ConfigError for what is no prevalence of a calibrated finding."""
        for finding, share in self.wanted.items():
            if not 0.0 < share < 1.0:
                raise ConfigError(sentence("trust.prevalence", share=share, finding=finding))
            if finding not in self.calibrated:
                known = ", ".join(self.calibrated) or sentence("manifest.none")
                raise ConfigError(
                    sentence("trust.prevalence_unstated", finding=finding, known=known)
                )

    def shift(self, finding: str) -> float:
        """What the reader's prevalence adds to a finding's log-odds; 0.0 as calibrated."""
        if finding not in self.wanted:
            return 0.0
        return _log_odds(self.wanted[finding]) - _log_odds(self.calibrated[finding].prevalence)

    def probability(self, finding: str, logit: float) -> float:
        """A calibrated logit as the probability at the reader's prevalence."""
        moved = logit + self.shift(finding)
        odds = math.exp(-abs(moved))  # of the less likely side, which cannot overflow
        return (odds if moved < 0 else 1.0) / (1.0 + odds)


AS_CALIBRATED = Prevalences({})


def counted(
    labels: Values, weights: Values, rows: NDArray[np.int64], sources: NDArray[np.str_]
) -> Calibrated:
    """What a fit's cases say of one finding.

    Shapes: labels (n,) 0 or 1 and weights (n,), as the fit was given them; rows (n,), which case
    each is, for a case may be fitted to several times; sources (cases,).
    """
    cases, first = np.unique(rows, return_index=True)
    names, has = sources[cases], labels[first] == 1
    return Calibrated(
        prevalence=float(np.average(labels, weights=weights)),
        sources={
            str(name): (int((names == name).sum()), int(has[names == name].sum()))
            for name in np.unique(names)
        },
    )


def facts_of(calibrated: Mapping[str, Calibrated]) -> dict[str, Any]:
    """The entry ``calibration`` of a ``card.json``."""
    return {
        finding: {
            "prevalence": round(found.prevalence, 6),
            "sources": {
                source: {"cases": cases, "positives": positives}
                for source, (cases, positives) in found.sources.items()
            },
        }
        for finding, found in calibrated.items()
    }


def _log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share)
