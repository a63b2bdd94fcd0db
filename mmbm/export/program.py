"""A model as one net from prepared tensors to the whole account, in the form that is exported."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mmbm.branches.parts import TensorInput
from mmbm.branches.registry import branch_of
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import CoalitionReadout, Readout

__all__ = ["OUTPUTS", "PRESENT", "Program", "flat", "inputs_of", "outputs_of", "trial_of"]

PRESENT = "present"  # (batch, modalities) bool, the input before the tensors
OUTPUTS = {  # their axes
    "logits": ("batch", "findings"),
    "probabilities": ("batch", "findings"),
    "base": ("batch", "findings"),
    "contributions": ("batch", "findings", "modalities"),
    "fusion_weights": ("batch", "modalities"),
    "features": ("batch", "modalities", "width"),
}
Parts = dict[str, tuple[Tensor, ...]]  # of each modality, in the model's order


class Program(nn.Module):
    """Tensors of all modalities for every case, and which of them a case has -> its account.

    The tensors of an absent part may hold anything that is valid; they count for nothing.
    """

    def __init__(self, network: MultimodalBigModel) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().eval().requires_grad_(False)
        self.config, self.readout = network.config, network.readout()
        for modality in self.config.modalities:
            branch, encoder = branch_of(modality), self.network.encoders[modality]
            self.network.encoders[modality] = branch.exportable(self.config.of(modality), encoder)
        for kept in (*self.network.parameters(), *self.network.buffers()):
            kept.data = kept.detach().clone(memory_format=torch.contiguous_format)  # and no more
        self.counts = {m: len(tensors) for m, tensors in inputs_of(self.config).items()}

    def forward(self, present: Tensor, *tensors: Tensor) -> dict[str, Tensor]:
        """``PRESENT`` and each tensor of :func:`inputs_of` -> ``OUTPUTS``, float32."""
        given, means = iter(tensors), []
        for modality, count in self.counts.items():
            means.append(self.network.encode(modality, *(next(given) for _ in range(count))).mean)
        read = torch.stack(means, 1)
        features = torch.where(present[..., None], read, torch.zeros_like(read))
        return outputs_of(self.readout, features)


def outputs_of(readout: Readout | CoalitionReadout, features: Tensor) -> dict[str, Tensor]:
    """``OUTPUTS`` of features, (batch, modalities, d); base + all contributions = logit.

    The fusion weights are NaN where the fusion has none.
    """
    logits, weights = readout.logits(features), readout.fusion_weights(features)
    if weights is None:
        weights = logits.new_full((1,), torch.nan)
    outputs = (
        logits,
        logits.sigmoid(),
        readout.base().expand_as(logits),
        readout.contributions(features),
        weights.expand(features.shape[:-1]),
        features,
    )
    return {name: of.float() for name, of in zip(OUTPUTS, outputs, strict=True)}


def inputs_of(config: ModelConfig) -> dict[str, tuple[TensorInput, ...]]:
    """What is given for each modality, in the model's order."""
    return {m: branch_of(m).inputs(config.of(m)) for m in config.modalities}


def trial_of(config: ModelConfig, rows: int, seed: int) -> Parts:
    """The tensors of so many made cases, other ones and of other lengths for each seed."""
    draw = torch.Generator().manual_seed(seed)
    return {m: branch_of(m).trial(config.of(m), rows, draw) for m in config.modalities}


def flat(parts: Parts) -> Iterable[Tensor]:
    """The tensors of all modalities, one after the other."""
    return (tensor for tensors in parts.values() for tensor in tensors)
