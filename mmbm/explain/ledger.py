"""The ledger: base + what each modality contributed = logit, exactly.

With a linear head the logit of finding ``c`` is already a sum,

    logit_c = b_c + sum_i w_i W_c . f_i,

and an absent modality has ``f_i = 0``. Muting modalities in any order therefore changes the logit
by the same amounts, so each summand is also the Shapley value of its modality over all
coalitions (Shapley 1953), and there is no interaction. With another fusion (``gated``, ``concat``)
the Shapley values are worked out from all coalitions on the case's own features, and what the
modalities did only together is stated beside them. Nothing here is estimated: the residual compares
the sum with the logit that the forward pass gave, and is shown rather than assumed.

How sure a contribution is, is another question: its interval says how it would vary had the head
been fitted on other patients, its percentile how many held-out cases show a smaller one
(:mod:`mmbm.train.fit.population`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mmbm.model.readout import Readout
from mmbm.predict import Prediction

__all__ = ["Ledger", "ledger"]

NORMAL = 1.96  # standard deviations on either side hold 95 %


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one finding, in calibrated log-odds."""

    finding: str
    base: float  # the logit with nothing given
    contributions: dict[str, float]  # Shapley values; 0.0 where absent
    interaction: float  # what they did only together, shared out in them; 0.0 with a weighted sum
    logit: float  # as the forward pass gave it
    probability: float  # sigmoid(logit)
    slopes: dict[str, float]  # d logit / d w_i = W_c . f_i; empty where there are no weights
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    """95 %, of what is present; empty where the model was not fitted for it."""
    percentiles: dict[str, float] = field(default_factory=dict)
    """0 to 100, among held-out cases; empty where the model was not fitted for it."""

    @property
    def residual(self) -> float:
        """How far the account is from the logit; at most rounding."""
        return abs(self.base + sum(self.contributions.values()) - self.logit)

    def at_prior(self, shift: float) -> Ledger:
        """The same account where the prior log-odds are higher by ``shift``: its start moves."""
        logit = self.logit + shift
        probability = float(torch.tensor(logit, dtype=torch.float64).sigmoid())
        return replace(self, base=self.base + shift, logit=logit, probability=probability)


def ledger(prediction: Prediction) -> tuple[Ledger, ...]:
    """One ledger for each finding, from the features that the forward pass left behind."""
    readout, means = prediction.readout, prediction.features.means.double()
    base, interaction = readout.base().tolist(), readout.interaction(means).tolist()  # (findings,)
    slopes = readout.slopes(means)  # (findings, modalities)
    moved = _named(prediction, readout.contributions(means))
    moving = [{} for _ in base] if slopes is None else _named(prediction, slopes)
    intervals = _intervals(prediction, moved)
    percentiles = _percentiles(prediction, moved)
    return tuple(
        Ledger(
            finding=finding.name,
            base=base[c],
            contributions=moved[c],
            interaction=interaction[c],
            logit=finding.logit,
            probability=finding.probability,
            slopes=moving[c],
            intervals=intervals[c],
            percentiles=percentiles[c],
        )
        for c, finding in enumerate(prediction.findings)
    )


def _named(prediction: Prediction, values: Tensor) -> list[dict[str, float]]:
    """(findings, modalities) -> of each finding, by modality."""
    return [dict(zip(prediction.modalities, row, strict=True)) for row in values.tolist()]


def _intervals(
    prediction: Prediction, moved: list[dict[str, float]]
) -> list[dict[str, tuple[float, float]]]:
    """Of each finding, 95 % of where each contribution would lie with heads of other patients."""
    tables, readout = prediction.trust, prediction.readout
    if tables is None or tables.spread is None or not isinstance(readout, Readout):
        return [{} for _ in prediction.findings]
    deviations = _named(prediction, readout.deviations(prediction.features.means, tables.spread))
    return [
        {
            m: (value[m] - NORMAL * deviation[m], value[m] + NORMAL * deviation[m])
            for m in prediction.present
            if not math.isnan(deviation[m])
        }
        for value, deviation in zip(moved, deviations, strict=True)
    ]


def _percentiles(prediction: Prediction, moved: list[dict[str, float]]) -> list[dict[str, float]]:
    """Of each finding, how many in a hundred held-out cases show a smaller contribution."""
    tables = prediction.trust
    if tables is None or tables.percentiles is None:
        return [{} for _ in prediction.findings]
    return [
        {
            m: _rank(value[m], others[i])
            for i, m in enumerate(prediction.modalities)
            if m in prediction.present and not math.isnan(others[i][0])
        }
        for value, others in zip(moved, tables.percentiles, strict=True)
    ]


def _rank(value: float, percentiles: Sequence[float]) -> float:
    """Where a value lies between the percentiles 0 to 100 of others."""
    above = bisect_right(percentiles, value)
    if above in (0, len(percentiles)):
        return 100.0 * (above > 0)
    low, high = percentiles[above - 1 : above + 1]
    return above - 1 + (value - low) / (high - low)
