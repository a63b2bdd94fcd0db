"""Captum on the end of the net, as a second opinion on the ledger: no encoder is run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmbm.model.readout import CoalitionReadout, Readout
from mmbm.predict import Prediction

__all__ = ["feature_conductance", "modality_shapley", "shapley_values"]

STEPS = 512  # cheap here: LayerConductance sums over steps, and gates bend


def modality_shapley(prediction: Prediction, finding: str) -> dict[str, float]:
    """The Shapley value of each modality, from an absent one; equals the ledger's contributions."""
    index = [f.name for f in prediction.findings].index(finding)
    values = shapley_values(prediction.readout, prediction.features.means[None])[0, index]
    return dict(zip(prediction.modalities, values.tolist(), strict=True))


def shapley_values(readout: Readout | CoalitionReadout, features: Tensor) -> Tensor:
    """Of (cases, modalities, d) features, (cases, findings, modalities) float32 logits.

    Each modality is a player that is present or absent; only the forward pass is asked. Captum adds
    up in float32.

    Source: Shapley 1953; Captum's ShapleyValues over all orders.
    """
    from captum.attr import ShapleyValues

    def logits(*parts: Tensor) -> Tensor:
        return readout.logits(torch.stack(parts, 1))

    parts = tuple(part.clone() for part in features.double().unbind(1))
    masks = tuple(torch.full((1, features.shape[2]), i) for i in range(len(parts)))
    values = ShapleyValues(logits).attribute(parts, feature_mask=masks)
    return torch.stack([value[..., 0] for value in values], -1)  # alike in all d of a modality


def feature_conductance(prediction: Prediction, finding: str) -> Tensor:
    """What each of the d fused features carried, (d,) logits; sums to the logit less the base.

    Source: Dhamdhere, Sundararajan & Yan, ICLR 2019; Captum's LayerConductance from no modality.
    """
    from captum.attr import LayerConductance

    index = [f.name for f in prediction.findings].index(finding)
    end = End(prediction, index)
    means = prediction.features.means.double()[None].clone()
    values: Tensor = LayerConductance(end, end.fused).attribute(
        means, torch.zeros_like(means), n_steps=STEPS
    )
    return values[0].detach()


class End(nn.Module):
    """The readout of one finding with its fused features as a layer of their own."""

    def __init__(self, prediction: Prediction, finding: int) -> None:
        super().__init__()
        self.readout, self.finding, self.fused = prediction.readout, finding, nn.Identity()

    def forward(self, means: Tensor) -> Tensor:
        """(batch, modalities, d) features -> (batch,) logits."""
        readout, c = self.readout, self.finding
        if isinstance(readout, CoalitionReadout):
            fused = self.fused(readout.fusion(means))
        else:
            fused = self.fused((readout.scale[c] * readout.weights) @ means)
        logits: Tensor = fused @ readout.head[c] + readout.bias[c]
        return logits
