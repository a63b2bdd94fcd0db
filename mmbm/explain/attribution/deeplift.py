"""DeepLIFT's rescale rule: a complete map from one forward pass each and one backward pass.

The net is run on the baseline and on the input. On the way back each nonlinearity multiplies not
by its slope at a point but by the slope of the line between its two values, ``(y - y0) / (u -
u0)``, so that differences are handed on in full: the map sums to ``f(x) - f(x0)`` up to rounding,
with nothing estimated and nothing rescaled. That holds for nets of linear layers, elementwise
nonlinearities, max-pooling and GRUs (``gates.py``); where values are multiplied otherwise
(attention), the map's error says so.

Captum's DeepLift knows neither ReLU6 nor GRU and leaves their gradients as they are, is not
complete through max-pooling, and carries the baseline through the backward pass too; where it
applies, it gives the same map.

Source: Shrikumar, Greenside & Kundaje, ICML 2017; Ancona et al., ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from mmbm.explain.attribution.gates import Runs, run_gru

__all__ = ["Differences", "rescale"]

STRAIGHT = (nn.ReLU, nn.ReLU6, nn.LeakyReLU)  # piecewise linear
CURVED = (nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.Softplus)
LAYERS = (*STRAIGHT, *CURVED, nn.MaxPool2d)
Maxima = tuple[Tensor, Tensor]  # of max-pooling: the values, and where each lies
NEAR = 1e-6  # two values this close have no line between them


class Differences(NamedTuple):
    """What the rule gave."""

    values: Tensor  # like the input, in logits
    explained: float  # f(x) - f(x0), of the two forward passes


class Handed(torch.autograd.Function):
    """A value whose gradient is handed to ``u`` times ``slope``."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, y: Tensor, slope: Tensor) -> Tensor:
        """``y``."""
        ctx.save_for_backward(slope)
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The gradient times the slope, for ``u`` alone."""
        return gradients[0] * ctx.saved_tensors[0], None, None


def rescale(
    net: nn.Module, score: Callable[[Tensor], Tensor], given: Tensor, baseline: Tensor
) -> Differences:
    """The rescale rule on ``score``, whose nonlinearities stand in ``net``, in eval mode.

    A net with GRUs reads baseline and input together first, which takes a GRU no longer than one.
    """
    seen: dict[nn.Module, tuple[Any, Any]] = {}  # of the baseline: what a layer read and gave
    asked: dict[nn.Module, Tensor] = {}  # of the input: what it read
    runs: dict[nn.Module, Runs] = {}
    recurrent = any(isinstance(m, nn.GRU) for m in net.modules())

    def keep(module: nn.Module, args: tuple[Any, ...], y: Any) -> Any:
        if isinstance(module, nn.MaxPool2d):
            seen[module] = (args[0][-1:], (y[0][-1:], y[1][-1:]))
            return y[0]
        seen[module] = (args[0][-1:], y[-1:])
        return y

    def bare(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The layer need not record its own way back."""
        asked[module] = args[0]
        return (args[0].detach(), *args[1:])

    def hand(module: nn.Module, _: tuple[Any, ...], y: Any) -> Any:
        u, (u0, y0) = asked.pop(module), seen.pop(module)
        if isinstance(module, nn.MaxPool2d):
            return _pooled(u, y, u0, y0)
        handed: Tensor = Handed.apply(u, y, _steepness(module, u, u0, y, y0))
        return handed

    def run(gru: nn.GRU, packed: PackedSequence) -> tuple[PackedSequence, None]:
        runs[gru] = run_gru(gru, _apart(packed))
        return _together(runs[gru].states, packed), None

    def recall(gru: nn.GRU, packed: PackedSequence) -> tuple[PackedSequence, None]:
        return PackedSequence(runs.pop(gru).handed(packed.data), *packed[1:]), None

    with torch.no_grad(), _hooked(net, keep), _replaced(net, run):
        before = score(torch.cat([given, baseline]) if recurrent else baseline)[-1]
    with torch.enable_grad(), _hooked(net, hand, bare), _replaced(net, recall):
        given = given.detach().requires_grad_()
        after = score(given)
        (multipliers,) = torch.autograd.grad(after.sum(), given)
    values = multipliers * (given.detach() - baseline)
    return Differences(values, float(after.detach().double() - before.double()))


def _apart(packed: PackedSequence) -> Tensor:
    """Two packed sequences, equally long, as (2, time, inputs)."""
    rows = packed.data.view(-1, 2, packed.data.shape[1]).transpose(0, 1)
    return rows if packed.unsorted_indices is None else rows[packed.unsorted_indices]


def _together(states: Tensor, like: PackedSequence) -> PackedSequence:
    """(2, time, states) packed as those they come from."""
    rows = states if like.sorted_indices is None else states[like.sorted_indices]
    return PackedSequence(rows.transpose(0, 1).flatten(0, 1), *like[1:])


def _steepness(module: nn.Module, u: Tensor, u0: Tensor, y: Tensor, y0: Tensor) -> Tensor:
    """The slope of the line between a layer's two values."""
    with torch.no_grad():
        if isinstance(module, nn.BatchNorm2d) and not _bends(module):
            return _scale(module)[:, None, None]
        if isinstance(module, CURVED):
            return _slope(u - u0, y - y0)
        # never steeper than its pieces, so 0 / 0 is all that can go wrong
        return (y - y0).div_(u - u0).nan_to_num_(0.0)


def _bends(norm: nn.BatchNorm2d) -> bool:
    """A nonlinearity stands inside it."""
    return any(isinstance(m, STRAIGHT) for m in norm.modules())


def _scale(norm: nn.BatchNorm2d) -> Tensor:
    """(channels,) what it multiplies by."""
    assert norm.running_var is not None
    steep = (norm.running_var + norm.eps).rsqrt()
    return steep * norm.weight if norm.affine else steep


def _slope(across: Tensor, up: Tensor) -> Tensor:
    """``up / across``, 0 where there is nothing across."""
    near = across.abs() < NEAR
    return torch.where(near, 0.0, up / torch.where(near, 1.0, across))


def _pooled(u: Tensor, found: Maxima, u0: Tensor, found0: Maxima) -> Tensor:
    """Max-pooling: the rise is due to the new maximum, the fall to the one that was."""
    (y, new), (y0, old) = found, found0
    with torch.no_grad():
        place = _places(torch.where(y >= y0, new, old))
    chosen = _places(u).gather(1, place)
    with torch.no_grad():
        slope = _slope(chosen - _places(u0).gather(1, place), _places(y - y0))
    handed: Tensor = Handed.apply(chosen, _places(y), slope)
    batch, channels, height, width = y.shape
    return handed.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _places(cells: Tensor) -> Tensor:
    """(batch, channels, height, width) -> (batch, places, channels), as they lie in memory."""
    return cells.permute(0, 2, 3, 1).flatten(1, 2)


def _units(net: nn.Module) -> Iterator[nn.Module]:
    """The layers that hand their changes on; a batch norm and what bends in it are one."""
    inside: set[nn.Module] = set()
    for module in net.modules():
        if module in inside:
            continue
        if isinstance(module, nn.BatchNorm2d):
            parts = [m for m in module.modules() if m is not module]
            if not all(isinstance(m, (*STRAIGHT, nn.Identity)) for m in parts):
                continue  # its parts by themselves
            inside.update(parts)
            yield module
        elif isinstance(module, LAYERS):
            yield module


@contextmanager
def _hooked(
    net: nn.Module, hook: Callable[..., Any], before: Callable[..., Any] | None = None
) -> Iterator[None]:
    """The hook on every unit; max-pooling tells its places, none overwrites its input."""
    layers = list(_units(net))
    changed: list[tuple[Any, str, bool]] = [(m, "inplace", False) for m in layers]
    changed += [(m, "return_indices", True) for m in layers]
    changed = [(m, name, to) for m, name, to in changed if getattr(m, name, to) != to]
    for module, name, to in changed:
        setattr(module, name, to)
    hooks = [m.register_forward_hook(hook) for m in layers]
    hooks += [m.register_forward_pre_hook(before) for m in layers if before is not None]
    try:
        yield
    finally:
        for handle in hooks:
            handle.remove()
        for module, name, to in changed:
            setattr(module, name, not to)


@contextmanager
def _replaced(net: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Every GRU does ``forward`` instead of its own."""
    layers = [m for m in net.modules() if isinstance(m, nn.GRU)]
    for module in layers:
        module.forward = partial(forward, module)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for module in layers:
            del module.forward
