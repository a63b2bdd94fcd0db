"""``export.json``: what a program that runs an exported file must know to call it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmbm
from mmbm.branches.registry import branch_of
from mmbm.export.program import OUTPUTS, PRESENT, inputs_of
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.config import ModelConfig
from mmbm.record import PIPELINE_VERSION
from mmbm.storage import checksum
from mmbm.text import sentence

__all__ = ["described"]


def described(
    loaded: LoadedModel, files: Mapping[str, Path], worst: Mapping[Any, float], subsets: int
) -> dict[str, Any]:
    """The content of ``export.json`` as JSON has it."""
    config, identity = loaded.network.config, loaded.identity
    return {
        "notice": str(sentence("report.notice")),
        "model": {
            "name": identity.name,
            "version": identity.version,
            "sha256": identity.sha256,
        },
        "mmbm": mmbm.__version__,
        "pipeline": PIPELINE_VERSION,
        "files": {name: checksum(path.read_bytes()) for name, path in sorted(files.items())},
        "findings": list(config.findings),
        "modalities": list(config.modalities),
        "inputs": [_presence(config), *_tensors(config)],
        "outputs": [
            {"name": name, "dtype": "float32", "shape": list(axes), "meaning": _meaning(name)}
            for name, axes in OUTPUTS.items()
        ],
        "preparation": str(sentence("export.preparation")),
        "compared": {"subsets": subsets, "largest_difference": dict(worst)},
    }


def _presence(config: ModelConfig) -> dict[str, Any]:
    return {
        "name": PRESENT,
        "dtype": "bool",
        "shape": ["batch", len(config.modalities)],
        "meaning": str(sentence("export.input.present")),
    }


def _tensors(config: ModelConfig) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for modality, tensors in inputs_of(config).items():
        blank = branch_of(modality).blank(config.of(modality))
        found += [
            {
                "name": given.name,
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "shape": ["batch", *given.axes],
                "least": {axis: given.least for axis in given.axes if isinstance(axis, str)},
                "modality": modality,
                "meaning": str(given.meaning),
            }
            for given, tensor in zip(tensors, blank, strict=True)
        ]
    return found


def _meaning(output: str) -> str:
    return str(sentence(f"export.output.{output}"))
