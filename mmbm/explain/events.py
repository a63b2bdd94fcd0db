"""When each kind of lung sound was heard: the sound head's evidence, spread as a finding's is.

``V_e . norm(z_p)``, weighed by the part that each position makes of the feature, sums to the
event's logit less its bias: what in this recording speaks for it, and when.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mmbm.predict import Prediction, Predictor

__all__ = ["EventMap", "event_maps"]


@dataclass(frozen=True, slots=True, eq=False)
class EventMap:
    """The evidence for one kind of lung sound over bands and time, in logits."""

    name: str
    audio: NDArray[np.float64]  # (bands, times), low bands first
    start: float  # s of the file at which the times begin
    seconds: float  # what the times span

    @property
    def strongest(self) -> float:
        """The second of the file, the middle of a moment, that speaks most for the event."""
        moments = self.audio.sum(0)
        return self.start + (int(moments.argmax()) + 0.5) * self.seconds / len(moments)


@torch.inference_mode()
def event_maps(predictor: Predictor, prediction: Prediction) -> tuple[EventMap, ...]:
    """The map of every event of the model, in its order; none where there is no recording."""
    positions = prediction.features.positions.get("audio")
    if positions is None:
        return ()
    weights = predictor.network.sound_head.weight.cpu()
    shares = (weights @ positions.vectors[0]).double() * positions.weights
    prepared = prediction.features.prepared
    return tuple(
        EventMap(name, share.reshape(positions.grid).numpy(), prepared.start, prepared.seconds)
        for name, share in zip(predictor.config.sound_events, shares, strict=True)
    )
