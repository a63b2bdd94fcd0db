"""Batch statistics over the cases of all processes, so that their step is that of one process.

Each process reads its part of a batch. What a net takes over its batch (the mean and variance of
batch normalisation, and of the features) is here added up over all parts, forward and backward. A
process none of whose cases has a modality goes along with a blank part that counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn.functional import batch_norm
from torch.overrides import TorchFunctionMode

from mmbm.branches.registry import branch_of
from mmbm.model.network import Inputs, MultimodalBigModel, Positions
from mmbm.train.processes import Processes

__all__ = ["SharedStatistics", "read_together"]


def read_together(
    network: MultimodalBigModel, inputs: Inputs, team: Processes
) -> tuple[dict[str, Positions], Tensor]:
    """Every modality of this process's part of a batch, and a zero to add to the loss.

    The zero leads the gradient through what was read for the sake of the others.
    """
    nothing = inputs.present.new_zeros((), dtype=torch.float32)
    if team.world == 1:
        return network.read(inputs), nothing
    anywhere = team.sum(inputs.present.sum(0).float()).tolist()
    read: dict[str, Positions] = {}
    with SharedStatistics(team) as shared:
        for modality, cases in zip(network.config.modalities, anywhere, strict=True):
            if modality in inputs.parts:
                read[modality] = network.encode(modality, *inputs.parts[modality])
            elif cases:
                blank = branch_of(modality).blank(network.config.of(modality))
                with shared.counting_nothing():
                    seen = network.encode(modality, *(t.to(team.device) for t in blank))
                nothing = nothing + (seen.vectors * 0).sum()
    return read, nothing


class SharedStatistics(TorchFunctionMode):
    """Within it, means and variances over a batch are those of all processes' parts."""

    def __init__(self, team: Processes) -> None:
        super().__init__()
        self.team, self.counts = team, 1.0

    @contextmanager
    def counting_nothing(self) -> Iterator[None]:
        """What is read within goes through the same steps and adds nothing."""
        self.counts = 0.0
        try:
            yield
        finally:
            self.counts = 1.0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is batch_norm and kwargs.get("training"):
            return self._normalised(*args, **kwargs)
        if func is torch.var_mean and args[1:] == (0,):
            mean, var, _ = self._moments(args[0], [0])
            return var, mean
        return func(*args, **kwargs)

    def _moments(self, cells: Tensor, axes: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance over ``axes``, and over how many values they are."""
        own = cells.new_tensor([self.counts * cells[:, :1].numel()])
        sums = self._sum(torch.cat([cells.sum(axes) * self.counts, own]))
        mean, count = sums[:-1] / sums[-1], sums[-1].detach()
        shape = [1 if axis in axes else -1 for axis in range(cells.ndim)]
        squares = (cells - mean.view(shape)).square().sum(axes) * self.counts
        return mean, self._sum(squares) / count, count

    def _sum(self, value: Tensor) -> Tensor:
        total: Tensor = _Sum.apply(value, self.team)
        return total

    def _normalised(
        self,
        cells: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        *,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool,
        momentum: float,
        eps: float,
    ) -> Tensor:
        """``torch.nn.functional.batch_norm`` over all parts; keeps the running statistics."""
        axes = [axis for axis in range(cells.ndim) if axis != 1]
        mean, var, count = self._moments(cells.float(), axes)
        with torch.no_grad():
            if running_mean is not None and running_var is not None:
                running_mean.lerp_(mean, momentum)
                running_var.lerp_(var * (count / (count - 1).clamp(min=1)), momentum)
        scale = (var + eps).rsqrt()
        scale = scale if weight is None else scale * weight
        shift = -mean * scale if bias is None else bias - mean * scale
        shape = [1, -1, *[1] * (cells.ndim - 2)]
        return (cells * scale.view(shape) + shift.view(shape)).to(cells.dtype)


class _Sum(torch.autograd.Function):
    """A sum over all processes, of each of whose losses the sum is differentiated."""

    @staticmethod
    def forward(ctx: FunctionCtx, value: Tensor, team: Processes) -> Tensor:
        ctx.team = team  # type: ignore[attr-defined]
        return team.sum(value)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        team: Processes = ctx.team  # type: ignore[attr-defined]
        return team.sum(gradient), None
