"""What a model remembers of the cases it was fitted on, to tell when not to trust it.

Fitted at the end of training by ``mmbm.trust.fit``, stored beside the weights as
``trust.safetensors``, read by ``mmbm.trust``. Numbers only: no case can be found in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mmbm.case import MODALITIES, Modality
from mmbm.errors import ModelError

__all__ = ["LEVELS", "Cloud", "TrustTables"]

LEVELS = (0.80, 0.90, 0.95)  # shares of cases whose answer shall hold the truth
MORE = ("population", "spread")  # tables that older models lack


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where a modality's features of the training cases lie: one shape around some centres."""

    centres: Tensor  # (centres, d) float32
    precision: Tensor  # (d, d) float32, inverse of the covariance around the centres
    limit: float  # the distance that one held-out part in a hundred passes, or three


@dataclass(frozen=True, eq=False)
class TrustTables:
    """Everything that trust needs beyond the weights. NaN: too few cases to fit."""

    sources: tuple[str, ...]  # whose films the image cloud's centres are
    clouds: dict[Modality, Cloud]
    strangeness: Tensor  # (3, 101) percentiles 0 to 100 over held-out cases, by modality
    thresholds: Tensor  # (levels, 7 coalitions, 1 + sources, findings, 2): see trust.conformal
    pushes: Tensor  # (findings, 3, 2): see trust.disagreement
    unknown: int  # number of the tokeniser's unknown token
    population: Tensor | None = None  # (findings, 3, 101): see trust.population
    spread: Tensor | None = None  # (findings, d, d) covariance of W; None: no linear head

    @cached_property
    def percentiles(self) -> list[list[list[float]]] | None:
        """``population`` by finding, modality and percentile, for a reader who looks up few."""
        return None if self.population is None else self.population.tolist()

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        tensors = {
            "sources": torch.tensor(list(json.dumps(self.sources).encode()), dtype=torch.uint8),
            "strangeness": self.strangeness,
            "thresholds": self.thresholds,
            "pushes": self.pushes,
            "unknown": torch.tensor(self.unknown),
        }
        more = {name: getattr(self, name) for name in MORE}
        tensors |= {name: tensor for name, tensor in more.items() if tensor is not None}
        for modality, cloud in self.clouds.items():
            tensors[f"{modality}.centres"] = cloud.centres
            tensors[f"{modality}.precision"] = cloud.precision
            tensors[f"{modality}.limit"] = torch.tensor(cloud.limit)
        return save({name: t.contiguous() for name, t in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> TrustTables:
        """Read what ``to_bytes`` wrote. Raises ModelError where it is something else."""
        try:
            held = load(content)
            return cls(
                sources=tuple(json.loads(bytes(held["sources"].tolist()))),
                clouds={
                    m: Cloud(
                        held[f"{m}.centres"], held[f"{m}.precision"], float(held[f"{m}.limit"])
                    )
                    for m in MODALITIES
                    if f"{m}.limit" in held
                },
                strangeness=held["strangeness"],
                thresholds=held["thresholds"],
                pushes=held["pushes"],
                unknown=int(held["unknown"]),
                **{name: held.get(name) for name in MORE},
            )
        except (SafetensorError, KeyError, ValueError) as exc:
            raise ModelError("trust.safetensors does not hold a model's trust tables.") from exc
