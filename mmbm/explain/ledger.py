"""The ledger: base + what each modality contributed = logit, exactly.

With a linear head the logit of finding ``c`` is already a sum,

    logit_c = b_c + sum_i w_i W_c . f_i,

and an absent modality has ``f_i = 0``. Muting modalities in any order therefore changes the logit
by the same amounts, so each summand is also the Shapley value of its modality over the 2^3
coalitions (Shapley 1953), and there is no interaction. With another fusion (``gated``, ``concat``)
the Shapley values are worked out from all eight coalitions on the case's own features, and what the
modalities did only together is stated beside them. Nothing here is estimated: the residual compares
the sum with the logit that the forward pass gave, and is shown rather than assumed.
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
    contributions: dict[Modality, float]  # Shapley values; 0.0 where absent
    interaction: float  # what they did only together, shared out in them; 0.0 with a weighted sum
    logit: float  # as the forward pass gave it
    probability: float  # sigmoid(logit)
    slopes: dict[Modality, float]  # d logit / d w_i = W_c . f_i; empty where there are no weights

    @property
    def residual(self) -> float:
        """How far the account is from the logit; at most rounding."""
        return abs(self.base + sum(self.contributions.values()) - self.logit)


def ledger(prediction: Prediction) -> tuple[Ledger, ...]:
    """One ledger for each finding, from the features that the forward pass left behind."""
    readout, means = prediction.readout, prediction.features.means
    base, slopes = readout.base(), readout.slopes(means)  # (findings,), (findings, 3)
    interaction = readout.interaction(means)  # (findings,)
    contributions = readout.contributions(means)  # (findings, 3)
    return tuple(
        Ledger(
            finding=finding.name,
            base=float(base[c]),
            contributions=dict(zip(MODALITIES, contributions[c].tolist(), strict=True)),
            interaction=float(interaction[c]),
            logit=finding.logit,
            probability=finding.probability,
            slopes={} if slopes is None else dict(zip(MODALITIES, slopes[c].tolist(), strict=True)),
        )
        for c, finding in enumerate(prediction.findings)
    )
