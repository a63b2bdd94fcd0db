"""Examples -> the batch that one step of training takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmbm.data.augmentation.example import Example
from mmbm.data.corpus import as_inputs
from mmbm.model.network import Inputs

__all__ = ["Batch", "collate"]


class Batch(NamedTuple):
    """What one step of training takes."""

    inputs: Inputs
    labels: Tensor  # (batch, findings) float32, NaN: unknown
    events: Tensor  # (batch, events) float32, NaN: unknown
    where: dict[str, Tensor]  # of modalities whose cases tell it, (n_modality, …): Example


def collate(examples: Sequence[Example], modalities: Sequence[str]) -> Batch:
    """One batch of augmented examples; recordings of it are equally long."""
    where = {m: [e.where[m] for e in examples if m in e.where] for m in modalities}
    return Batch(
        inputs=as_inputs([e.parts for e in examples], modalities),
        labels=torch.stack([e.labels for e in examples]),
        events=torch.stack([e.events for e in examples]),
        where={m: torch.stack(known) for m, known in where.items() if known},
    )
