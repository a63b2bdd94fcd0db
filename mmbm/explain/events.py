"""When, or where, each event of a branch was told: its head's evidence, spread as a finding's is.

``V_e . norm(z_p)``, weighed by the part that each position makes of the feature, sums to the
event's logit less its bias: what in this part speaks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from mmbm.branches.parts import Evidence
from mmbm.branches.registry import branch_of
from mmbm.predict import Prediction, Predictor

__all__ = ["EventMap", "event_maps"]


@dataclass(frozen=True, slots=True, eq=False)
class EventMap:
    """The evidence for one event, in logits."""

    name: str
    modality: str
    evidence: Evidence


@torch.inference_mode()
def event_maps(predictor: Predictor, prediction: Prediction) -> tuple[EventMap, ...]:
    """The map of every event of the model's present parts, in its order."""
    maps: list[EventMap] = []
    for modality, names in predictor.config.events.items():
        positions = prediction.features.positions.get(modality)
        if positions is None:
            continue
        weights = cast(nn.Linear, predictor.network.event_heads[modality]).weight.cpu()
        shares = (weights @ positions.vectors[0]).double() * positions.weights
        placed = branch_of(modality).evidence(
            shares.reshape(-1, *positions.grid).numpy(), prediction.features.prepared[modality]
        )
        maps += [EventMap(name, modality, of) for name, of in zip(names, placed, strict=True)]
    return tuple(maps)
