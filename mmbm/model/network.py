"""MultimodalBigModel: the whole idea in one file.

Each modality ``i`` is read by the encoder of its branch (:mod:`mmbm.branches`) into vectors
``z_p``, one for each position ``p`` (a cell of an X-ray, a token of a note, a moment of a sound):

    f_i    = mean over p of norm_i(z_p)      norm_i: zero mean, unit variance over the training set;
                                             some positions may count more than others
    F      = sum_i w_i f_i                   w on the simplex; f_i = 0 where the modality is absent
    logit  = W F + b                         one logit a finding

Everything between ``z_p`` and the logit is linear, so the logit *is* a sum over modalities and,
within each, over positions: ``logit_c = b_c + sum_i sum_p w_i W_c . norm_i(z_p) / P_i``. So it
stays after calibration, which scales each modality's summand and shifts the sum. The ledger and
the last-layer maps are read off this sum; nothing about them is estimated.

Two other fusions, ``gated`` and ``concat``, are there for comparison; their account comes from the
coalitions of modalities (``readout.py``).

Log-odds of independent pieces of evidence add, which is why an absent modality may simply add
zero: the base ``b_c`` stays the prior, and each contribution acts as a log likelihood ratio.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from mmbm.branches.registry import branch_of
from mmbm.model.config import ModelConfig
from mmbm.model.readout import FUSIONS, CoalitionReadout, Readout, WeightedSum

__all__ = ["Inputs", "MultimodalBigModel", "Positions"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """A batch as tensors; ``present`` says which case has which modality.

    Rows of a modality's tensors stand for the cases that have it, in the order of the batch; one
    that no case has is left out.
    """

    present: Tensor  # (batch, modalities) bool, in the model's order
    parts: Mapping[str, tuple[Tensor, ...]]  # as each branch's encoder takes them

    def to(self, device: torch.device) -> Inputs:
        """The same batch on another device."""
        moved = {m: tuple(t.to(device) for t in tensors) for m, tensors in self.parts.items()}
        return Inputs(self.present.to(device), moved)


@dataclass(frozen=True, slots=True)
class Positions:
    """What one encoder saw: a normalised vector for each position, and their grid."""

    vectors: Tensor  # (n, d, positions) float32
    grid: tuple[int, ...]  # for instance (height, width), (tokens,) or (bands, times)
    weights: Tensor  # (n or 1, positions), what part of f_i each position makes; they sum to 1

    @property
    def mean(self) -> Tensor:
        """f_i, (n, d) float32."""
        return (self.vectors * self.weights[:, None]).sum(2)


class MultimodalBigModel(nn.Module):
    """An encoder a modality, normalised features, a weighted sum or another fusion, a linear head.

    Branches that name events have a head of their own for them, on their feature alone.
    """

    calibration_scale: Tensor
    calibration_shift: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d, modalities = config.features, config.modalities
        self.encoders = nn.ModuleDict(
            {m: branch_of(m).encoder(config.of(m), d) for m in modalities}
        )
        self.normalise = nn.ModuleDict({m: nn.BatchNorm1d(d, affine=False) for m in modalities})
        self.fusion = FUSIONS[config.fusion](len(modalities), d)
        self.head = nn.Linear(d, len(config.findings))
        self.event_heads = nn.ModuleDict(
            {m: nn.Linear(d, len(names)) for m, names in config.events.items()}
        )
        self.register_buffer("calibration_scale", torch.ones(len(config.findings), len(modalities)))
        self.register_buffer("calibration_shift", torch.zeros(len(config.findings)))

    def place(self, modality: str) -> int:
        """Where a modality stands in the order of the features."""
        return self.config.modalities.index(modality)

    def encode(self, modality: str, *tensors: Tensor) -> Positions:
        """Read one modality of a batch, by the tensors of its branch."""
        branch, settings = branch_of(modality), self.config.of(modality)
        cells = self.encoders[modality](*tensors).to(self.head.weight.dtype)  # of autocast
        vectors = cells.flatten(2)
        counted = branch.counted(settings, cells, *tensors)  # (n, positions); None: all alike
        counted = vectors.new_ones(1, vectors.shape[2]) if counted is None else counted
        weights = counted / counted.sum(1, keepdim=True).clamp(min=1e-6)
        raw = Positions(vectors, tuple(cells.shape[2:]), weights)
        return replace(raw, vectors=self._normalised(modality, raw))

    def _normalised(self, modality: str, raw: Positions) -> Tensor:
        """Shift and scale every position so that their mean is ``BatchNorm1d(f_i)``."""
        norm = cast(nn.BatchNorm1d, self.normalise[modality])
        if norm.training:
            f = raw.mean
            spread, centre = torch.var_mean(f, 0, correction=0)
            if bool(spread.any()):  # one case alone has none
                norm(f)  # keeps the running mean and variance
                return _scaled(raw.vectors, centre, spread, norm.eps)
        assert norm.running_mean is not None and norm.running_var is not None
        return _scaled(raw.vectors, norm.running_mean, norm.running_var, norm.eps)

    def features(self, inputs: Inputs) -> Tensor:
        """All f_i, (batch, modalities, d); exactly zero where a modality is absent."""
        return self.gather(self.read(inputs), inputs.present)

    def read(self, inputs: Inputs) -> dict[str, Positions]:
        """Every modality of the batch that this model reads."""
        return {
            m: self.encode(m, *inputs.parts[m]) for m in self.config.modalities if m in inputs.parts
        }

    def gather(self, read: Mapping[str, Positions], present: Tensor) -> Tensor:
        """The f_i of what was read, (batch, modalities, d); ``present`` says whose they are."""
        columns = []
        for i, modality in enumerate(self.config.modalities):
            column = self.head.weight.new_zeros(len(present), self.config.features)
            if modality in read:
                rows = present[:, i].nonzero()[:, 0]
                column = column.index_put((rows,), read[modality].mean)
            columns.append(column)
        return torch.stack(columns, 1)

    def forward(self, inputs: Inputs) -> Tensor:
        """Uncalibrated logits, (batch, findings)."""
        logits: Tensor = self.head(self.fusion(self.features(inputs)))
        return logits

    @torch.no_grad()
    def uncalibrate(self) -> None:
        """Forget the calibration: what the head says is the logit again."""
        self.calibration_scale.fill_(1.0)
        self.calibration_shift.fill_(0.0)

    @torch.no_grad()
    def readout(self) -> Readout | CoalitionReadout:
        """The end of the net as it stands now, calibrated.

        Only a weighted sum can scale modalities apart; another fusion has one scale a finding.
        """
        scale, head = self.calibration_scale.double().cpu(), self.head.weight.double().cpu()
        bias = (self.head.bias.double() + self.calibration_shift.double()).cpu()
        if isinstance(self.fusion, WeightedSum):
            return Readout(self.fusion.weights.double().cpu(), head, bias, scale)
        head = scale.mean(1, keepdim=True) * head
        fusion = copy.deepcopy(self.fusion).double().cpu().requires_grad_(False)
        return CoalitionReadout(fusion, head, bias, len(self.config.modalities))


def _scaled(vectors: Tensor, centre: Tensor, spread: Tensor, eps: float) -> Tensor:
    """(n, d, positions) less a centre, (d,), over the root of a spread, (d,)."""
    return (vectors - centre[:, None]) * (spread + eps).rsqrt()[:, None]
