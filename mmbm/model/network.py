"""MultimodalBigModel: the whole idea in one file.

Each modality ``i`` (image, notes, audio) is read by its own encoder into vectors ``z_p``, one for
each position ``p`` (a cell of the film, a token of the note, a band and moment of the sound):

    f_i    = mean over p of norm_i(z_p)      norm_i: zero mean, unit variance over the training set;
                                             a film's mean may be over its lungs only
    F      = sum_i w_i f_i                   w on the simplex; f_i = 0 where the modality is absent
    logit  = W F + b                         one logit a finding

Everything between ``z_p`` and the logit is linear, so the logit *is* a sum over modalities and,
within each, over positions: ``logit_c = b_c + sum_i sum_p w_i W_c . norm_i(z_p) / P_i``. So it
stays after calibration, which scales each modality's summand and shifts the sum. The ledger and
the last-layer maps are read off this sum; nothing about them is estimated.

Two other fusions, ``gated`` and ``concat``, are there for comparison; their account comes from the
2^3 coalitions (``readout.py``).

Log-odds of independent pieces of evidence add, which is why an absent modality may simply add
zero: the base ``b_c`` stays the prior, and each contribution acts as a log likelihood ratio.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.case import MODALITIES, Modality
from mmbm.config import ModelConfig
from mmbm.model.audio import AudioEncoder
from mmbm.model.fusion import FUSIONS, WeightedSum
from mmbm.model.image import ImageEncoder
from mmbm.model.notes import notes_encoder, token_mask
from mmbm.model.readout import CoalitionReadout, Readout

__all__ = ["Inputs", "MultimodalBigModel", "Positions"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """A batch as tensors. A modality that no case has is None; ``present`` says which case has it.

    Rows of a modality's tensor stand for the cases that have it, in the order of the batch.
    """

    present: Tensor  # (batch, 3) bool, in the order of MODALITIES
    film: Tensor | None = None  # (n_image, 1, size, size) float32 in [-1, 1]
    # with ``config.image.lungs`` (n_image, 2, size, size): the second plane is the lungs in [0, 1]
    tokens: Tensor | None = None  # (n_notes, tokens) int64, padded with 0
    lengths: Tensor | None = None  # (n_notes,) int64
    waveform: Tensor | None = None  # (n_audio, samples) float32 in [-1, 1], 16 kHz


@dataclass(frozen=True, slots=True)
class Positions:
    """What one encoder saw: a normalised vector for each position, and their grid."""

    vectors: Tensor  # (n, d, positions) float32
    grid: tuple[int, ...]  # (height, width), (tokens,) or (bands, times)
    weights: Tensor  # (n or 1, positions), what part of f_i each position makes; they sum to 1

    @property
    def mean(self) -> Tensor:
        """f_i, (n, d) float32."""
        return (self.vectors * self.weights[:, None]).sum(2)


class MultimodalBigModel(nn.Module):
    """Three encoders, normalised features, a weighted sum (or another fusion), a linear head."""

    calibration_scale: Tensor
    calibration_shift: Tensor
    mean_film: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d = config.features
        self.encoders = nn.ModuleDict(
            {
                "image": ImageEncoder(config.image, d),
                "notes": notes_encoder(config.notes, d),
                "audio": AudioEncoder(config.audio, d),
            }
        )
        self.normalise = nn.ModuleDict({m: nn.BatchNorm1d(d, affine=False) for m in MODALITIES})
        self.fusion = FUSIONS[config.fusion](d)
        self.head = nn.Linear(d, len(config.findings))
        self.sound_head = nn.Linear(d, len(config.sound_events))  # on f_audio alone
        self.register_buffer("calibration_scale", torch.ones(len(config.findings), len(MODALITIES)))
        self.register_buffer("calibration_shift", torch.zeros(len(config.findings)))
        self.register_buffer("mean_film", torch.zeros(32, 32))  # of the training films

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        """Weights of version 0.1 hold one scale a finding, for head and bias alike."""
        scale, shift = (f"{prefix}calibration_{name}" for name in ("scale", "shift"))
        if scale in state and state[scale].ndim == 1:
            state[shift] = state[shift] + (state[scale] - 1) * state[f"{prefix}head.bias"]
            state[scale] = state[scale][:, None].expand(-1, len(MODALITIES))
        super()._load_from_state_dict(state, prefix, *rest)

    @property
    def image_encoder(self) -> ImageEncoder:
        """The image branch, which alone starts from pretrained weights."""
        return cast(ImageEncoder, self.encoders["image"])

    @property
    def tokens(self) -> int:
        """How many tokens the notes branch knows, numbered from 0."""
        return int(cast(Any, self.encoders["notes"]).embed.num_embeddings)

    def encode(self, modality: Modality, inputs: Inputs) -> Positions | None:
        """Read one modality of the batch; None where no case has it or this model does not."""
        counted = None  # (n, positions), how much each counts; None: all alike
        if modality not in self.config.modalities:
            return None
        if modality == "image" and inputs.film is not None:
            cells = self.encoders["image"](inputs.film[:, :1])
            if self.config.image.lungs:
                counted = adaptive_avg_pool2d(inputs.film[:, 1:], cells.shape[2:]).flatten(1)
        elif modality == "notes" and inputs.tokens is not None and inputs.lengths is not None:
            cells = self.encoders["notes"](inputs.tokens, inputs.lengths)
            counted = token_mask(inputs.lengths, inputs.tokens.shape[1])
        elif modality == "audio" and inputs.waveform is not None:
            cells = self.encoders["audio"](inputs.waveform)
        else:
            return None
        vectors = cells.flatten(2)
        counted = vectors.new_ones(1, vectors.shape[2]) if counted is None else counted
        weights = counted / counted.sum(1, keepdim=True).clamp(min=1e-6)
        raw = Positions(vectors, tuple(cells.shape[2:]), weights)
        return replace(raw, vectors=self._normalised(modality, raw))

    def _normalised(self, modality: Modality, raw: Positions) -> Tensor:
        """Shift and scale every position so that their mean is ``BatchNorm1d(f_i)``."""
        norm = cast(nn.BatchNorm1d, self.normalise[modality])
        if norm.training and len(raw.vectors) > 1:
            f = raw.mean
            centre, spread = f.mean(0), f.var(0, unbiased=False)
            norm(f)  # keeps the running mean and variance
        else:
            assert norm.running_mean is not None and norm.running_var is not None
            centre, spread = norm.running_mean, norm.running_var
        scale = (spread + norm.eps).rsqrt()
        return (raw.vectors - centre[:, None]) * scale[:, None]

    def features(self, inputs: Inputs) -> Tensor:
        """All f_i, (batch, 3, d); exactly zero where a modality is absent."""
        return self.gather(self.read(inputs), inputs.present)

    def read(self, inputs: Inputs) -> dict[Modality, Positions]:
        """Every modality of the batch that some case has and this model reads."""
        read = {m: self.encode(m, inputs) for m in MODALITIES}
        return {m: positions for m, positions in read.items() if positions is not None}

    def gather(self, read: Mapping[Modality, Positions], present: Tensor) -> Tensor:
        """The f_i of what was read, (batch, 3, d); ``present`` says whose they are."""
        columns = []
        for i, modality in enumerate(MODALITIES):
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
        return CoalitionReadout(fusion, head, bias)
