"""A shortage of memory, made up: errors as allocators raise them, at any layer asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from mmbm.device import on_cpu
from mmbm.predict import Predictor

ERRORS: tuple[Callable[[], Exception], ...] = (
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: not enough "
    "memory: you tried to allocate 99999 bytes."),
    lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 by"),
    lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
    lambda: MemoryError("Unable to allocate 9 GiB for an array"),
)  # fmt: skip


class OnCard(Predictor):
    """A predictor that takes itself to be on a graphics card, with the CPU to fall back to."""

    def on_cpu(self):
        other = copy.copy(self)
        other._place(on_cpu(self.network), torch.device("cpu"))
        return other


@dataclass
class Shortage:
    """Raises at the layer call ``first`` (from 0): once, or from then on, maybe only in a net."""

    first: int = -1  # never
    error: Callable[[], Exception] = ERRORS[0]
    once: bool = True
    within: nn.Module | None = None
    calls: int = 0
    raised: int = 0
    layers: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.layers = set() if self.within is None else {id(m) for m in self.within.modules()}

    def __call__(self, module: nn.Module, _: Any) -> None:
        self.calls += 1
        reached = 0 <= self.first < self.calls and not (self.once and self.raised)
        if reached and (self.within is None or id(module) in self.layers):
            self.raised += 1
            raise self.error()


@contextmanager
def shortage(**how: Any) -> Iterator[Shortage]:
    """Memory is short in here."""
    made = Shortage(**how)
    handle = register_module_forward_pre_hook(made)
    try:
        yield made
    finally:
        handle.remove()
