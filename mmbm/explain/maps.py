"""Last-layer maps: each contribution spread over the positions that made it, exactly.

A modality's feature is a mean over positions, ``f_i = mean_p norm_i(z_p)``, and its contribution
is linear in it, so position ``p`` holds the share ``w_i W_c . norm_i(z_p) / P_i``. The shares sum
to the contribution. Each ``z_p`` has seen its surroundings (the receptive field; for a note, the
whole note), so a share says where the net gathered evidence, not which single input it hangs on.
A branch puts the shares in their place, and may read its part again on a finer grid
(:func:`finer_maps`).

With another fusion than the weighted sum, ``w_i W_c`` is the gradient of the logit at this case,
and what the contribution has beyond it, which has no place, is spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.branches.parts import Evidence
from mmbm.branches.registry import branch_of
from mmbm.device import halving
from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction, Predictor

__all__ = ["EvidenceMaps", "finer_maps", "last_layer", "last_layers"]


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceMaps:
    """One finding's contributions spread out, in logits."""

    finding: str
    parts: Mapping[str, Evidence]  # of the modalities that are present

    def values(self, modality: str) -> Any:
        """One modality's map: an array, or a sequence of shares; None where it is absent."""
        return self.parts[modality].values if modality in self.parts else None


def last_layer(prediction: Prediction, finding: str) -> EvidenceMaps:
    """The maps of one finding, from the features that the forward pass left behind."""
    return last_layers(prediction)[[f.name for f in prediction.findings].index(finding)]


def last_layers(prediction: Prediction) -> tuple[EvidenceMaps, ...]:
    """The maps of all findings at once, which costs little more than those of one."""
    directions = prediction.readout.directions(prediction.features.means).float()
    return _maps(
        prediction,
        {
            m: branch_of(m).evidence(
                _shares(prediction, m, directions[:, prediction.place(m)]),
                prediction.features.prepared[m],
            )
            for m in prediction.present
        },
    )


def finer_maps(predictor: Predictor, prediction: Prediction) -> tuple[EvidenceMaps, ...]:
    """The last-layer maps of all findings, on finer grids where a branch has them."""
    maps, features, readout = last_layers(prediction), prediction.features, prediction.readout
    directions = readout.directions(features.means).float()
    contributions = readout.contributions(features.means)
    again = {}
    for modality in prediction.present:
        place = prediction.place(modality)
        found = branch_of(modality).finer(
            _encoder(predictor, modality),
            directions[:, place],
            contributions[:, place],
            features.positions[modality].grid,
            features.prepared[modality],
        )
        if found is not None:
            again[modality] = found
    coarse = {m: [of.parts[m] for of in maps] for m in prediction.present}
    return _maps(prediction, coarse | again)


def _maps(
    prediction: Prediction, evidence: Mapping[str, Sequence[Evidence]]
) -> tuple[EvidenceMaps, ...]:
    """Each modality's evidence, one a finding -> each finding's, one a modality."""
    return tuple(
        EvidenceMaps(finding.name, {m: of[c] for m, of in evidence.items()})
        for c, finding in enumerate(prediction.findings)
    )


def _encoder(predictor: Predictor, modality: str) -> Callable[..., Tensor]:
    """Tensors of a batch -> their vectors, (n, d, positions) on the CPU, in turns on the worker."""

    @torch.inference_mode()
    def read(which: Predictor, tensors: tuple[Tensor, ...], rows: int) -> Tensor:
        parts = zip(*(torch.split(t, rows) for t in tensors), strict=True)
        device = which.torch_device
        seen = (which.network.encode(modality, *(t.to(device) for t in part)) for part in parts)
        return torch.cat([positions.vectors.cpu() for positions in seen])

    def encode(*tensors: Tensor) -> Tensor:
        return predictor.fitting(
            lambda which: which.alone(
                lambda: halving(lambda rows: read(which, tensors, rows), len(tensors[0]))
            )
        )

    return encode


def _shares(prediction: Prediction, modality: str, directions: Tensor) -> NDArray[np.float64]:
    """``w_i W_c . norm_i(z_p)`` times the position's weight, (findings, *the modality's grid)."""
    readout, positions = prediction.readout, prediction.features.positions[modality]
    weights = positions.weights
    shares = (directions @ positions.vectors[0]).double() * weights
    if isinstance(readout, CoalitionReadout):
        means = prediction.features.means
        contribution = readout.contributions(means)[:, prediction.place(modality)]
        shares += (contribution - shares.sum(1))[:, None] * weights
    return shares.reshape(-1, *positions.grid).numpy()
