"""Which device a model runs on, how many cores there are, and what to do where memory runs out.

Where it does: a smaller batch, then the CPU, then one sentence. What failed is tried again from its
start, and nothing of the model is changed for it, so the next case is read as if nothing had
happened, on the device that it would have been read on.
"""

from __future__ import annotations

import copy
import gc
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

from mmbm.errors import ModelError, OutOfMemory
from mmbm.text import sentence

__all__ = [
    "SAID",
    "cores",
    "first_that_fits",
    "free_bytes",
    "halving",
    "on_cpu",
    "probe_device",
    "ran_out",
]

Result = TypeVar("Result")
Net = TypeVar("Net", bound=nn.Module)
SAID = (  # by allocators and libraries that raise a bare RuntimeError
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "ALLOC_FAILED",
)


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


def ran_out(exc: BaseException) -> bool:
    """Whether it says that memory, the graphics card's or the computer's, did not suffice."""
    if isinstance(exc, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(exc, RuntimeError) and any(words in str(exc) for words in SAID)


def first_that_fits(attempts: Iterable[Callable[[], Result]]) -> Result:
    """What the first of these gives that memory suffices for, in this order.

    Raises
    ------
    OutOfMemory
        It sufficed for none.
    """
    for attempt in attempts:
        try:
            return attempt()
        except (RuntimeError, MemoryError) as exc:
            if not ran_out(exc):
                raise
        gc.collect()  # out here, where the failed attempt's frames hold no tensors any more
        _free()
    raise OutOfMemory(sentence("memory.out"))


def halving(task: Callable[[int], Result], rows: int) -> Result:
    """Do a task at so many rows a batch; where memory runs out, at half as many, down to one."""
    while rows > 1:
        try:
            return task(rows)
        except (RuntimeError, MemoryError) as exc:
            if not ran_out(exc):
                raise
        _free()
        rows //= 2
    return task(1)


def free_bytes(device: torch.device) -> int:
    """How much memory of a device is free, in bytes; a gigabyte where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**30


def on_cpu(network: Net) -> Net:
    """A network's like on the CPU, which takes no memory where the network is.

    What is on the CPU already is shared: it is there to read with, not to train.
    """
    moved: dict[int, Tensor] = {id(b): b.detach().cpu() for b in network.buffers()}
    for p in network.parameters():
        moved[id(p)] = nn.Parameter(p.detach().cpu(), p.requires_grad)
    return copy.deepcopy(network, moved)


def _free() -> None:
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
