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

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from mmbm.explain.attribution.gates import hand_gru

__all__ = ["Differences", "rescale"]

STRAIGHT = (nn.ReLU, nn.ReLU6, nn.LeakyReLU)  # piecewise linear
CURVED = (nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.Softplus)
LAYERS = (*STRAIGHT, *CURVED, nn.MaxPool2d, nn.GRU)
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
    """The rescale rule on ``score``, whose nonlinearities stand in ``net``."""
    seen: dict[nn.Module, tuple[Any, Any]] = {}  # of the baseline: what a layer read and gave
    asked: dict[nn.Module, Any] = {}  # of the input: what it read

    def keep(module: nn.Module, args: tuple[Any, ...], y: Any) -> Any:
        seen[module] = (args[0], y)
        return y[0] if isinstance(module, nn.MaxPool2d) else y

    def hand(module: nn.Module, _: tuple[Any, ...], y: Any) -> Any:
        u, (u0, y0) = asked.pop(module), seen.pop(module)
        if isinstance(module, nn.GRU):
            return _recurred(module, (u, u0), (y, y0))
        if isinstance(module, nn.MaxPool2d):
            return _pooled(u, y, u0, y0)
        with torch.no_grad():
            across, up = u - u0, y - y0
            if isinstance(module, STRAIGHT):  # never steeper than its pieces, so 0 / 0 is all
                slope = up.div_(across).nan_to_num_(0.0)
            else:
                slope = _slope(across, up)
        handed: Tensor = Handed.apply(u, y, slope)
        return handed

    def bare(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The layer need not record its own way back."""
        asked[module] = args[0]
        if isinstance(args[0], PackedSequence):
            return (PackedSequence(args[0].data.detach(), *args[0][1:]), *args[1:])
        return (args[0].detach(), *args[1:])

    with torch.no_grad(), _hooked(net, keep):
        before = score(baseline)
    with torch.enable_grad(), _hooked(net, hand, bare):
        given = given.detach().requires_grad_()
        after = score(given)
        (multipliers,) = torch.autograd.grad(after.sum(), given)
    values = multipliers * (given.detach() - baseline)
    return Differences(values, float(after.detach().double() - before.double()))


def _recurred(module: nn.GRU, read: Sequence[PackedSequence], gave: Sequence[Any]) -> Any:
    """A GRU on a batch of one, as it packs it: the data are in the order of time."""
    handed = hand_gru(module, [u.data for u in read], [y[0].data for y in gave])
    return PackedSequence(handed, *gave[0][0][1:]), gave[0][1]


def _slope(across: Tensor, up: Tensor) -> Tensor:
    """``up / across``, 0 where there is nothing across."""
    near = across.abs() < NEAR
    return torch.where(near, 0.0, up / torch.where(near, 1.0, across))


def _pooled(u: Tensor, found: Maxima, u0: Tensor, found0: Maxima) -> Tensor:
    """Max-pooling: the rise is due to the new maximum, the fall to the one that was."""
    (y, new), (y0, old) = found, found0
    with torch.no_grad():
        place = torch.where(y >= y0, new, old).flatten(2)
    chosen = u.flatten(2).gather(2, place)
    with torch.no_grad():
        slope = _slope(chosen - u0.flatten(2).gather(2, place), (y - y0).flatten(2))
    handed: Tensor = Handed.apply(chosen, y.flatten(2), slope)
    return handed.reshape(y.shape)


@contextmanager
def _hooked(
    net: nn.Module, hook: Callable[..., Any], before: Callable[..., Any] | None = None
) -> Iterator[None]:
    """The hook on every nonlinearity; each tells its maxima's places, none overwrites its input."""
    layers = [m for m in net.modules() if isinstance(m, LAYERS)]
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
