"""Prediction: the model's answer to one case, with all it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from mmbm.branches.parts import PreparedPart
from mmbm.model.checkpoint import ModelIdentity
from mmbm.model.network import Positions
from mmbm.model.readout import CoalitionReadout, Readout
from mmbm.model.tables import TrustTables

__all__ = ["Event", "Features", "Finding", "Prediction"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding's score. ``probability = sigmoid(logit)``, both calibrated."""

    name: str
    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class Event:
    """What one branch's second head tells, by that branch alone."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Features:
    """What one forward pass leaves behind, on the CPU; all explanations are read from it."""

    means: Tensor  # (modalities, d) float32: f_i in the model's order, 0 where absent
    positions: dict[str, Positions]  # of the modalities that are present, batch of one
    prepared: dict[str, PreparedPart]  # of the same


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's answer to one case, with all it was made from."""

    identity: ModelIdentity
    mmbm_version: str
    device: str
    modalities: tuple[str, ...]  # that the model reads, in the order of the features
    present: tuple[str, ...]  # of these, what the case has
    findings: tuple[Finding, ...]
    events: dict[str, tuple[Event, ...]]  # by the modality whose branch tells them
    features: Features
    readout: Readout | CoalitionReadout
    trust: TrustTables | None  # what mmbm.trust judges this prediction by
    warnings: tuple[str, ...]
    seconds: dict[str, float]  # of each step: prepare, each modality, head; some side by side

    @property
    def fusion_weights(self) -> dict[str, float]:
        """w_i of each modality; they sum to 1. With gates, of this case; empty with ``concat``."""
        weights = self.readout.fusion_weights(self.features.means)
        return {} if weights is None else dict(zip(self.modalities, weights.tolist(), strict=True))

    def place(self, modality: str) -> int:
        """Where a modality stands in the order of the features."""
        return self.modalities.index(modality)
