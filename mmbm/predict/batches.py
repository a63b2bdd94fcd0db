"""Parts of many cases through one encoder: in batches as large as memory allows.

Only parts that a branch calls alike share a batch (:meth:`mmbm.branches.branch.Branch.alike`), so a
case's numbers do not hang on its neighbours beyond rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter

import torch
from torch import Tensor

from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.device import first_that_fits, free_bytes, halving, on_cpu
from mmbm.model.network import MultimodalBigModel, Positions

__all__ = ["Pace", "encode_batch", "encode_parts", "pace_of"]

CPU_ROWS = 4  # more of them fall out of a core's cache: slower (benchmarks/score.py --rows)
MOST_ROWS = 256  # from where on no device reads faster
SHARE = 0.5  # of the free memory that a batch may take
TRIAL_ROWS, TRIALS = 8, 5
FASTER = 1.15  # times as fast as float32 bfloat16 must be, to be worth its digits

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a device reads many parts."""

    rows: int = CPU_ROWS  # in a batch
    bf16: bool = False


def encode_batch(
    network: MultimodalBigModel,
    device: torch.device,
    modality: str,
    batch: Callable[[int, int], tuple[Tensor, ...]],
    count: int,
    *,
    pace: Pace,
) -> list[Positions]:
    """Read ``count`` parts; ``batch(first, last)`` gives the tensors of some. Answers on the CPU.

    Where memory runs out, at half as many rows, then on the CPU one by one.

    Raises
    ------
    OutOfMemory
    """

    def read(net: MultimodalBigModel, at: torch.device, rows: int) -> list[Positions]:
        seen = []
        with torch.inference_mode(), _dtype(at, pace.bf16):
            for first in range(0, count, rows):
                tensors = batch(first, min(first + rows, count))
                found = net.encode(modality, *(t.to(at) for t in tensors))
                seen += _each(found, len(tensors[0]))
        return seen

    return first_that_fits(
        (
            lambda: halving(lambda rows: read(network, device, rows), min(pace.rows, count)),
            lambda: read(on_cpu(network), CPU, 1),
        )
    )


def encode_parts(
    network: MultimodalBigModel,
    device: torch.device,
    modality: str,
    parts: Sequence[PreparedPart],
    pace: Pace,
) -> list[Positions]:
    """What an encoder sees of prepared parts, each as if it were read alone, in their order."""
    branch = branch_of(modality)
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        groups[branch.alike(part)].append(place)
    seen: dict[int, Positions] = {}
    for places in groups.values():

        def batch(first: int, last: int, places: list[int] = places) -> tuple[Tensor, ...]:
            return branch.collate([parts[i] for i in places[first:last]])

        rows = max(pace.rows, branch.batch)
        found = encode_batch(
            network, device, modality, batch, len(places), pace=replace(pace, rows=rows)
        )
        for place, positions in zip(places, found, strict=True):
            seen[place] = _own(positions, branch.grid_of(positions.grid, parts[place]))
    return [seen[place] for place in range(len(parts))]


def _each(batch: Positions, count: int) -> list[Positions]:
    """A batch's positions, one part each, float32 on the CPU."""
    vectors, weights = batch.vectors.float().cpu(), batch.weights.float().cpu()
    weights = weights.expand(count, -1)
    return [Positions(vectors[i : i + 1], batch.grid, weights[i : i + 1]) for i in range(count)]


def _own(positions: Positions, grid: tuple[int, ...]) -> Positions:
    """Without the positions past a part's own grid, which padding added at the end."""
    if grid == positions.grid:
        return positions
    kept = grid[0]
    return Positions(positions.vectors[..., :kept], grid, positions.weights[:, :kept])


def _dtype(device: torch.device, bf16: bool) -> AbstractContextManager[object]:
    if not bf16 or device.type == "cpu":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def pace_of(network: MultimodalBigModel, device: torch.device, *, bf16: bool = False) -> Pace:
    """Batches that fit into the free memory; bfloat16, where asked for, if a trial finds it fast.

    The trial reads blank parts of every modality on a graphics card. On a CPU rows are few, and
    bfloat16 is never taken.
    """
    if device.type != "cuda":
        fitting = int(SHARE * free_bytes(device) / 2**26)  # a film's layers take less than 64 MiB
        return Pace(max(min(CPU_ROWS, fitting), 1) if device.type == "cpu" else 32)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    plain = _trial(network, device, bf16=False)
    each = (torch.cuda.max_memory_allocated(device) - before) / TRIAL_ROWS
    rows = int(SHARE * free_bytes(device) / max(each, 1.0))
    faster = bf16 and FASTER * _trial(network, device, bf16=True) < plain
    return Pace(max(min(rows, MOST_ROWS), 1), faster)


@torch.inference_mode()
def _trial(network: MultimodalBigModel, device: torch.device, *, bf16: bool) -> float:
    """Seconds that a batch of blank parts takes at best, all modalities together."""
    parts = {
        m: tuple(
            t.expand(TRIAL_ROWS, *t.shape[1:]).contiguous().to(device)
            for t in branch_of(m).blank(network.config.of(m))
        )
        for m in network.config.modalities
    }
    took = []
    for _ in range(TRIALS):
        torch.cuda.synchronize(device)
        begun = perf_counter()
        with _dtype(device, bf16):
            for modality, tensors in parts.items():
                network.encode(modality, *tensors)
        torch.cuda.synchronize(device)
        took.append(perf_counter() - begun)
    return min(took)
