"""Several processes or machines, started by ``torchrun``: who am I, and what do all have in sum.

A step is the same as on one process: each takes its part of the same global batch, the loss is
divided by the labels of all, the gradients are added up, and so are the statistics of a batch
(:mod:`mmbm.train.together`). Only what a net draws within itself (dropout) is of each process.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

__all__ = ["Processes", "processes"]

PATIENCE = datetime.timedelta(hours=2)  # the others wait while the first one validates


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among its peers."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that validates, writes and shows progress."""
        return self.rank == 0

    def sum(self, value: Tensor) -> Tensor:
        """``value`` added up over all processes."""
        if self.world > 1:
            value = value.clone()
            dist.all_reduce(value)
        return value

    def any(self, value: bool) -> bool:
        """Whether it holds on some process."""
        return bool(self.sum(torch.tensor(float(value), device=self.device)) > 0)

    def add_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Add up the gradients of all processes; one that a process lacks counts as zero."""
        if self.world > 1:
            grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
            for parameter, total in zip(parameters, _sum_all(grads), strict=True):
                parameter.grad = total

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """The first process does what stands inside, then all others do."""
        if self.world > 1 and not self.first:
            dist.barrier()
        yield
        if self.world > 1 and self.first:
            dist.barrier()


def _sum_all(tensors: list[Tensor]) -> list[Tensor]:
    """The same tensors added up over all processes, in one message."""
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    parts = torch.split(flat, [t.numel() for t in tensors])
    return [part.view_as(t) for part, t in zip(parts, tensors, strict=True)]


@contextmanager
def processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started, if it did; gloo on the CPU, NCCL on CUDA."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Processes(device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Processes(device, dist.get_rank(), world)
    finally:
        dist.destroy_process_group()
