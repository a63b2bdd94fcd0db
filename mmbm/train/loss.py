"""The losses: over coalitions of modalities, of the sound events, of the place of the evidence.

What every subset of modalities would say is known once the features are: an absent modality is
zero, so a subset is the features times a mask. The loss is the mean over all subsets that a case
can offer, which is modality dropout without the dice: each branch learns to stand alone and to add
to the others, and an absent modality is something the net has always known.

A logit is a sum over positions, so where a finding's evidence lies can be trained as well: that of
an opacity where a radiologist boxed it, or where it was drawn into a healthy film, that of a sound
event when a physician heard it. Being right for the right reasons (Ross et al., IJCAI 2017) needs
no second derivative here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    binary_cross_entropy_with_logits,
    kl_div,
)

from mmbm.model.network import MultimodalBigModel, Positions
from mmbm.model.readout import coalitions

__all__ = ["Loss", "coalition_loss", "event_loss", "moment_loss", "place_loss"]

TINY = 1e-8  # of a film's mean, the share of a cell without lungs


class Loss(NamedTuple):
    """A sum and how many known labels are in it, both weighted; the loss is their ratio."""

    total: Tensor  # scalar
    known: Tensor  # scalar

    @property
    def mean(self) -> Tensor:
        """A scalar; 0 where no label is known."""
        return self.total / self.known.clamp(min=1)


def coalition_loss(
    network: MultimodalBigModel,
    features: Tensor,
    present: Tensor,
    labels: Tensor,
    smooth: float,
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Loss:
    """Cross-entropy over findings with a label and over coalitions of present modalities.

    Shapes: features (batch, modalities, d), present (batch, modalities) bool, labels (batch,
    findings) with NaN for
    unknown. ``weights`` are of findings by name, 1 where not named.
    """
    subsets = coalitions(features.shape[1]).to(features.device)
    heard = features[:, None] * subsets[..., None]  # (batch, coalitions, modalities, d)
    logits = network.head(network.fusion(heard.flatten(0, 1))).unflatten(0, heard.shape[:2])
    offered = (~subsets[None] | present[:, None]).all(2)  # (batch, coalitions)
    weight = features.new_tensor([weights.get(f, 1.0) for f in network.config.findings])
    known = weight * (labels.isnan().logical_not()[:, None] & offered[..., None])
    wanted = labels.nan_to_num()[:, None].expand_as(logits) * (1 - 2 * smooth) + smooth
    losses = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return Loss((losses * known).sum(), known.sum())


def event_loss(
    network: MultimodalBigModel, features: Tensor, present: Tensor, labels: Tensor
) -> Loss:
    """Cross-entropy of the events that one branch tells, over its parts with a label.

    Shapes as above, but labels (batch, events).
    """
    nothing = Loss(features.new_zeros(()), features.new_zeros(()))
    for modality, head in network.event_heads.items():
        place = network.place(modality)
        known = labels.isnan().logical_not() & present[:, place, None]
        losses = binary_cross_entropy_with_logits(
            head(features[:, place]), labels.nan_to_num(), reduction="none"
        )
        return Loss((losses * known).sum(), known.sum())
    return nothing


def place_loss(network: MultimodalBigModel, modality: str, seen: Positions, marked: Tensor) -> Loss:
    """Of the evidence for pneumonia in a picture: how far it lies from where an opacity is.

    ``marked`` (n, height, width) in [0, 1]. A place counts by what part of the feature it makes:
    none, outside the lungs of a model that reads those alone.
    """
    row = network.head.weight[network.config.findings.index("pneumonia")]
    held = seen.weights.reshape(-1, 1, *seen.grid)  # (n or 1, 1, height, width)
    spoken = (row @ seen.vectors).reshape(-1, 1, *seen.grid) + held.clamp(min=TINY).log()
    height, width = seen.grid
    return located_loss(spoken, adaptive_avg_pool2d(marked[:, None], (height, width)) * held)


def moment_loss(
    network: MultimodalBigModel, modality: str, seen: Positions, sounding: Tensor
) -> Loss:
    """Of the evidence for each sound event: how far it lies from the moments when it was heard.

    ``sounding`` (n, events, frames) in [0, 1]. The evidence at a moment is that of all bands.
    """
    spoken = torch.einsum(
        "ed,ndp->nep", cast(nn.Linear, network.event_heads[modality]).weight, seen.vectors
    )
    spoken = spoken.reshape(*spoken.shape[:2], *seen.grid).mean(2)  # (n, events, times)
    return located_loss(spoken, adaptive_avg_pool1d(sounding, spoken.shape[2]))


def located_loss(spoken: Tensor, marked: Tensor) -> Loss:
    """The divergence of the softmax of evidence over its places from where people marked it.

    Both (n, outputs, *places); an output with nothing marked in a case does not count there.
    """
    spoken, marked = spoken.flatten(2), marked.flatten(2)
    known = (marked.sum(2) > 0).float()
    wanted = marked / marked.sum(2, keepdim=True).clamp(min=TINY)
    off = kl_div(spoken.log_softmax(2), wanted, reduction="none").sum(2)
    return Loss((off * known).sum(), known.sum())
