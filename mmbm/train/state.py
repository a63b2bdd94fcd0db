"""The whole state of a run in one safetensors file, and its log.

The file is written beside the old one, flushed to the disk and moved over it, so a run that is
killed at any moment leaves a whole state behind. The log is in it too: ``training.csv`` is written
out from it and never read. A sha256 over all of it tells a damaged file.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmbm.errors import ConfigError, ModelError
from mmbm.model.network import MultimodalBigModel
from mmbm.storage.disk import put_in_place
from mmbm.text import sentence
from mmbm.train.config import TrainConfig

__all__ = ["RunState", "restore", "save"]

Row: TypeAlias = dict[str, float]
Weights: TypeAlias = dict[str, Tensor]
FREE = {"workers", "compile"}  # settings that may change when a run goes on


@dataclass(slots=True)
class RunState:
    """What a run is made of."""

    network: MultimodalBigModel
    optimizer: torch.optim.Optimizer
    manifest: str = ""  # its sha256
    average: MultimodalBigModel | None = None  # the moving average of the weights
    reader: MultimodalBigModel | None = None  # the network compiled, its weights shared
    best: Weights = field(default_factory=dict)  # of the best epoch, with early stopping
    history: list[Row] = field(default_factory=list)  # one row an epoch that is done

    @property
    def shown(self) -> MultimodalBigModel:
        """The network that is validated and kept."""
        return self.average or self.network


def save(out: Path, run: RunState, config: TrainConfig) -> None:
    """Write ``state.safetensors``, then ``training.csv``, each in one move."""
    groups = {"network": run.network.state_dict(), "best": run.best}
    if run.average is not None:
        groups["average"] = run.average.state_dict()
    for index, moments in run.optimizer.state_dict()["state"].items():
        groups[f"optimizer/{index}"] = moments
    # one copy each: two groups may share a tensor, which safetensors refuses
    tensors = {
        f"{group}.{name}": value.detach().cpu().clone().contiguous()
        for group, weights in groups.items()
        for name, value in weights.items()
    }
    about = {"config": config.model_dump_json(exclude=FREE), "history": json.dumps(run.history)}
    about["manifest"] = run.manifest
    about["sha256"] = _digest(tensors, about)
    partial = out / "state.partial"
    save_file(tensors, partial, about)
    put_in_place(partial, out / "state.safetensors")
    write_log(out, run.history)


def write_log(out: Path, history: list[Row]) -> None:
    partial = out / "training.partial"
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, history[0] if history else [])
        writer.writeheader()
        writer.writerows(history)
    put_in_place(partial, out / "training.csv")


def restore(out: Path, run: RunState, config: TrainConfig) -> None:
    """Load the state of an earlier run into ``run``, if there is one.

    Raises
    ------
    ConfigError
        That run had another configuration, or another manifest, so that it may have learned from
        cases that are kept for testing now.
    ModelError
        Its state is damaged.
    """
    path = out / "state.safetensors"
    if not path.exists():
        return
    damaged = sentence("train.state", folder=out.name)
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        whole = about.pop("sha256", "") == _digest(tensors, about)
        before, history = json.loads(about["config"]), json.loads(about["history"])
        manifest = about["manifest"]
    except (OSError, SafetensorError, LookupError, ValueError) as exc:
        raise ModelError(damaged) from exc
    if not whole:
        raise ModelError(damaged)
    if before != json.loads(config.model_dump_json(exclude=FREE)):
        raise ConfigError(sentence("train.other_run", folder=out.name))
    if manifest != run.manifest:
        raise ConfigError(sentence("train.other_manifest", folder=out.name))
    try:
        _load(run, tensors, history)
    except (LookupError, RuntimeError, TypeError, ValueError) as exc:
        raise ModelError(damaged) from exc


def _load(run: RunState, tensors: Weights, history: list[Row]) -> None:
    groups: dict[str, Weights] = {}
    for key, value in tensors.items():
        group, name = key.split(".", 1)
        groups.setdefault(group, {})[name] = value
    run.network.load_state_dict(groups["network"])
    if run.average is not None:
        run.average.load_state_dict(groups["average"])
    run.best = groups.get("best", {})
    run.history = history
    moments = {
        int(group.removeprefix("optimizer/")): weights
        for group, weights in groups.items()
        if group.startswith("optimizer/")
    }
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": moments})


def _digest(tensors: Weights, about: Mapping[str, str]) -> str:
    """The sha256 over every tensor, by name, kind and content, and over what stands beside them."""
    total = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        total.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        total.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()
