"""Captum on the end of the net, as a second opinion on the ledger: no encoder is run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmbm.model.readout import CoalitionReadout
from mmbm.predict import Prediction

__all__ = ["feature_conductance", "modality_shapley"]

STEPS = 512  # cheap here: LayerConductance sums over steps, and gates bend


def modality_shapley(prediction: Prediction, finding: str) -> dict[str, float]:
    """The Shapley value of each modality, from an absent one; equals the ledger's contributions.

    Source: Shapley 1953; Captum's ShapleyValues over all orders.
    """
    from captum.attr import ShapleyValues

    index = [f.name for f in prediction.findings].index(finding)
    means = prediction.features.means.double()
    masks = tuple(torch.full((1, means.shape[1]), i) for i in range(len(prediction.modalities)))

    def logits(*parts: Tensor) -> Tensor:
        return prediction.readout.logits(torch.stack(parts, 1))

    parts = tuple(means[None, i].clone() for i in range(len(prediction.modalities)))
    values = ShapleyValues(logits).attribute(parts, target=index, feature_mask=masks)
    return {m: float(v[0, 0]) for m, v in zip(prediction.modalities, values, strict=True)}


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
