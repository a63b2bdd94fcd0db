"""The ledger: base + what each modality contributed = logit, exactly.

With a linear head the logit of finding ``c`` is already a sum,

    logit_c = b_c + sum_i w_i W_c . f_i,

and an absent modality has ``f_i = 0``. Muting modalities in any order therefore changes the logit
by the same amounts, so each summand is also the Shapley value of its modality over the 2^3
coalitions (Shapley 1953), and no interaction is left over. Nothing here is estimated: the residual
compares the sum with the logit that the forward pass gave, and is shown rather than assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmbm.case import MODALITIES, Modality
from mmbm.predict import Prediction

__all__ = ["Ledger", "ledger"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one finding, in calibrated log-odds."""

    finding: str
    base: float  # the logit with nothing given
    contributions: dict[Modality, float]  # w_i W_c . f_i; 0.0 where absent
    interaction: float  # what is left between modalities; 0.0 with a linear head
    logit: float  # as the forward pass gave it
    probability: float  # sigmoid(logit)
    slopes: dict[Modality, float]  # d logit / d w_i = W_c . f_i

    @property
    def residual(self) -> float:
        """How far the account is from the logit; at most rounding."""
        return abs(self.base + sum(self.contributions.values()) + self.interaction - self.logit)


def ledger(prediction: Prediction) -> tuple[Ledger, ...]:
    """One ledger for each finding, from the features that the forward pass left behind."""
    readout, means = prediction.readout, prediction.features.means
    slopes = readout.slopes(means)  # (findings, 3)
    contributions = readout.contributions(means)  # (findings, 3)
    return tuple(
        Ledger(
            finding=finding.name,
            base=float(readout.bias[c]),
            contributions=dict(zip(MODALITIES, contributions[c].tolist(), strict=True)),
            interaction=0.0,
            logit=finding.logit,
            probability=finding.probability,
            slopes=dict(zip(MODALITIES, slopes[c].tolist(), strict=True)),
        )
        for c, finding in enumerate(prediction.findings)
    )
