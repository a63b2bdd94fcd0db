"""Which device a model runs on, and how many cores there are."""

from __future__ import annotations

import os

import torch

from mmbm.errors import ModelError
from mmbm.text import sentence

__all__ = ["cores", "probe_device"]


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def probe_device(wanted: str) -> torch.device:
    """Choose the device by trying a small product on it: CUDA, then MPS, then the CPU.

    Raises
    ------
    ModelError
        The device asked for is not at hand.
    """
    for name in ("cuda", "mps", "cpu") if wanted == "auto" else (wanted,):
        try:
            device = torch.device(name)
            ones = torch.ones(8, 8, device=device)
            if float((ones @ ones).sum()) == 512.0:
                return device
        except (RuntimeError, AssertionError, NotImplementedError):
            continue
    raise ModelError(sentence("predict.device", device=wanted))
