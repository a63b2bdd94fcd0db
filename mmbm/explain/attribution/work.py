"""How an attribution works: in turns on the predictor's worker, within memory, until cancelled."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from mmbm.device import halving
from mmbm.errors import Cancelled
from mmbm.predict import Predictor
from mmbm.text import sentence

__all__ = ["Progress", "Work", "free_bytes", "frozen"]

Progress = Callable[[float], None]  # 0 to 1
Result = TypeVar("Result")
MOST = 240 * 2**20  # bytes of one batch on a CPU, where a larger one is no faster
SHARE = 0.25  # of the free memory that one batch may take
ROWS = 64  # of one batch


@dataclass(frozen=True, slots=True)
class Work:
    """One attribution's way to the worker."""

    predictor: Predictor
    progress: Progress | None = None
    cancelled: Callable[[], bool] | None = None  # e.g. ``threading.Event().is_set``

    def say(self, done: float) -> None:
        """Report progress, 0 to 1."""
        if self.progress is not None:
            self.progress(done)

    def watch(self, score: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """The same function, which stops at its next call once the reader has cancelled."""

        def watched(rows: Tensor) -> Tensor:
            self.check()
            return score(rows)

        return watched

    def check(self) -> None:
        """Raises Cancelled once the reader has stopped this."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(sentence("explain.stopped"))

    def turn(self, task: Callable[[], Result]) -> Result:
        """Do one task on the worker, where other readers wait no longer than that.

        The weights are frozen, which halves the memory. cuDNN's recurrent nets have no backward
        pass in eval mode, so cuDNN is off just there.
        """

        def alone() -> Result:
            with frozen(self.predictor.network), torch.backends.cudnn.flags(enabled=False):
                return task()

        self.check()
        return self.predictor.alone(alone)

    def rows(self, row_bytes: int) -> int:
        """How many rows of that size one batch may have."""
        device = self.predictor.torch_device
        free = SHARE * free_bytes(device)
        limit = min(free, MOST) if device.type == "cpu" else free
        return max(1, min(ROWS, int(limit / row_bytes)))

    def halving(self, task: Callable[[int], Result], rows: int) -> Result:
        """Do a task at so many rows a batch; where memory runs out, at half as many."""
        return halving(lambda n: self.turn(lambda: task(n)), rows)

    def fitting(self, task: Callable[[Work], Result]) -> Result:
        """Do a task, and where memory runs out all of it on the CPU. Raises OutOfMemory."""
        return self.predictor.fitting(lambda which: task(replace(self, predictor=which)))


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """No gradients for the weights in here."""
    learning = [p for p in network.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device; a gigabyte where nobody knows."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2**30
