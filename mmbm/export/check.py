"""Whether the files that were written say what the model says, for every subset of its parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from mmbm.export.program import Parts, flat, outputs_of, trial_of
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.network import Inputs
from mmbm.model.readout import coalitions

__all__ = ["Run", "differences", "in_onnxruntime", "in_torch"]

TOGETHER = 4  # cases in a batch
Run = Callable[[Tensor, Parts], dict[str, Tensor]]
"""The presence of each part and the tensors of all -> the outputs by name."""


def in_onnxruntime(path: Path) -> Run:
    """Runs an ONNX file on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; its optimiser says what it leaves as it is
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    outputs = [made.name for made in session.get_outputs()]

    def run(present: Tensor, parts: Parts) -> dict[str, Tensor]:
        given = [tensor.numpy() for tensor in (present, *flat(parts))]
        made = session.run(None, dict(zip(names, given, strict=True)))
        return {name: torch.from_numpy(of) for name, of in zip(outputs, made, strict=True)}

    return run


def in_torch(path: Path) -> Run:
    """Runs a ``torch.export`` program on the CPU."""
    module = torch.export.load(path).module()

    def run(present: Tensor, parts: Parts) -> dict[str, Tensor]:
        made: dict[str, Tensor] = module(present, *flat(parts))
        return made

    return run


@torch.no_grad()
def differences(loaded: LoadedModel, run: Run) -> list[tuple[tuple[bool, ...], float]]:
    """Of each subset of the parts, the largest difference of any output from the model's own.

    The parts are made at random; cases are run together, of other lengths each time, and the last
    one alone.
    """
    config, found = loaded.network.config, []
    subsets = coalitions(len(config.modalities))
    batches = [*torch.split(subsets, TOGETHER), subsets[-1:]]
    for seed, some in enumerate(batches):
        parts = trial_of(config, len(some), seed)
        given = {m: tuple(t[some[:, i]] for t in parts[m]) for i, m in enumerate(parts)}
        read = Inputs(some, {m: tensors for m, tensors in given.items() if len(tensors[0])})
        wanted = outputs_of(loaded.network.readout(), loaded.network.features(read))
        made = run(some, parts)
        for row, subset in enumerate(some.tolist()):
            apart = [_apart(made[name][row], of[row]) for name, of in wanted.items()]
            found.append((tuple(subset), max(apart)))
    return found


def _apart(made: Tensor, wanted: Tensor) -> float:
    """The largest difference; infinite where one alone is no number."""
    both = made.isnan() & wanted.isnan()
    differs = (made - wanted).abs().masked_fill(both, 0.0)
    return float(differs.nan_to_num(torch.inf).max())
