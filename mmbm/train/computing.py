"""How the encoders compute in training: in what precision, and compiled or not.

The encoders alone. Features, losses, the account and every weight stay float32, and validation,
calibration and evaluation read with the plain network.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel
from mmbm.text import sentence

__all__ = ["autocast", "compiled", "precision_of"]

Precision = Literal["float32", "bfloat16"]


def precision_of(wanted: Literal["auto", "float32", "bfloat16"], device: torch.device) -> Precision:
    """``wanted``; with "auto" bfloat16 on a CUDA device that has it, else float32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bfloat16"
    return "float32"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Within it, the products and convolutions of a step are in that precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def compiled(
    network: MultimodalBigModel, device: torch.device, backend: str = "inductor"
) -> MultimodalBigModel:
    """The same network, its weights shared, whose encoders ``torch.compile`` makes faster.

    Each is compiled when it is first called. ``network`` itself stays as it is, and so do the names
    of its weights.

    Raises
    ------
    ConfigError
        Nothing can be compiled here.
    """
    try:  # a small function, to find out before the run whether there is a compiler that works
        torch.compile(_tried, backend=backend)(torch.ones(64, device=device))
    except (ImportError, OSError, RuntimeError) as exc:
        raise ConfigError(sentence("train.no_compiler", device=device.type)) from exc
    twin = MultimodalBigModel(network.config)
    for name, part in network.named_children():
        setattr(twin, name, part)
    twin.encoders = nn.ModuleDict(
        {m: cast(nn.Module, torch.compile(e, backend=backend)) for m, e in network.encoders.items()}
    )
    return twin.to(device)


def _tried(values: Tensor) -> Tensor:
    return values.sin() + 1
