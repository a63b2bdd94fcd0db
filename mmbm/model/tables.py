"""What a model remembers of the cases it was fitted on, to tell when not to trust it.

Fitted at the end of training by ``mmbm.train.fit``, stored beside the weights as
``trust.safetensors``, read by ``mmbm.trust``. Numbers only: no case can be found in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from safetensors.torch import save
from torch import Tensor

from mmbm.branches.registry import branch_of
from mmbm.errors import ModelError
from mmbm.model.config import ModelConfig
from mmbm.model.readout import coalitions
from mmbm.storage.tensors import read_tensors
from mmbm.text import Sentence, sentence

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

    modalities: tuple[str, ...]  # of the model
    sources: tuple[str, ...]  # of cases; each is a centre of the cloud of ``grouping``
    clouds: dict[str, Cloud]
    strangeness: Tensor  # (modalities, 101) percentiles 0 to 100 over held-out cases, by modality
    thresholds: Tensor  # (levels, coalitions, 1 + sources, findings, 2): see trust.conformal
    pushes: Tensor  # (findings, modalities, 2): see trust.judge
    population: Tensor | None = None  # (findings, modalities, 101): see trust.population
    spread: Tensor | None = None  # (findings, d, d) covariance of W; None: no linear head

    @property
    def grouping(self) -> str | None:
        """The modality by whose feature a case is put to the nearest source, if there is one."""
        return _grouping(self.modalities, self.clouds)

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
        }
        more = {name: getattr(self, name) for name in MORE}
        tensors |= {name: tensor for name, tensor in more.items() if tensor is not None}
        for modality, cloud in self.clouds.items():
            tensors[f"{modality}.centres"] = cloud.centres
            tensors[f"{modality}.precision"] = cloud.precision
            tensors[f"{modality}.limit"] = torch.tensor(cloud.limit)
        return save({name: t.contiguous() for name, t in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes, config: ModelConfig, what: Sentence) -> TrustTables:
        """Read what ``to_bytes`` wrote of a model with this config.

        Raises
        ------
        ModelError
            Calling the file ``what``, and naming the table that is not as it should be.
        """
        held = read_tensors(content, what)
        try:
            sources = tuple(json.loads(bytes(held["sources"].tolist())))
        except (ArithmeticError, KeyError, RuntimeError, TypeError, ValueError) as exc:
            raise ModelError(sentence("model.trust", file=what)) from exc
        if not all(isinstance(s, str) for s in sources) or len(set(sources)) < len(sources):
            raise ModelError(sentence("model.trust_sources", file=what))
        felt = [m for m in config.modalities if f"{m}.limit" in held]
        fault = _fault(held, _shapes(held, felt, len(sources), config))
        if fault:
            raise ModelError(sentence("model.misfit", file=what, reason=fault))
        return cls(
            modalities=config.modalities,
            sources=sources,
            clouds={
                m: Cloud(held[f"{m}.centres"], held[f"{m}.precision"], float(held[f"{m}.limit"]))
                for m in felt
            },
            strangeness=held["strangeness"],
            thresholds=held["thresholds"],
            pushes=held["pushes"],
            **{name: held.get(name) for name in MORE},
        )


def _grouping(modalities: Iterable[str], felt: Container[str]) -> str | None:
    return next((m for m in modalities if m in felt and branch_of(m).by_source), None)


Shapes = dict[str, tuple[int, ...]]


def _shapes(held: dict[str, Tensor], felt: list[str], sources: int, config: ModelConfig) -> Shapes:
    """The shape that each table must have."""
    findings, d = len(config.findings), config.features
    modalities, grouping = config.modalities, _grouping(config.modalities, felt)
    percentiles = (len(modalities), 101)
    shapes: Shapes = {
        "strangeness": percentiles,
        "thresholds": (len(LEVELS), len(coalitions(len(modalities))), 1 + sources, findings, 2),
        "pushes": (findings, len(modalities), 2),
    }
    more = {"population": (findings, *percentiles), "spread": (findings, d, d)}
    shapes |= {name: shape for name, shape in more.items() if name in held}
    for modality in felt:
        centres = held.get(f"{modality}.centres", torch.empty(0))
        shapes[f"{modality}.centres"] = (sources if modality == grouping else len(centres), d)
        shapes |= {f"{modality}.precision": (d, d), f"{modality}.limit": ()}
    return shapes


def _fault(held: dict[str, Tensor], shapes: Shapes) -> Sentence | None:
    """What is wrong with the tables, None where nothing is."""
    for name in sorted({*shapes, *held} - {"sources"}):
        if name not in held:
            return sentence("model.tensor.missing", name=name)
        if name not in shapes:
            return sentence("model.tensor.foreign", name=name[:100])
        table = held[name]
        if table.dtype != torch.float32 or tuple(table.shape) != shapes[name] or 0 in table.shape:
            return sentence("model.tensor.shape", name=name)
        if not bool(_holds(name, table)):
            return sentence("model.tensor.values", name=name)
    return None


def _holds(name: str, table: Tensor) -> bool | Tensor:
    """Whether the values can be what they stand for; NaN: not fitted."""
    if name == "thresholds":  # infinite: too few cases for the level
        return (table.isnan() | (table >= 0)).all()
    if name.endswith(".limit"):
        return 0 < float(table) < math.inf
    if name in ("strangeness", "population", "pushes", "spread"):
        return (~table.isinf()).all()
    return table.isfinite().all()
