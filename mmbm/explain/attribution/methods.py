"""The methods, one function each: a space and a baseline in, shares in logits out.

Captum's where it has them, on one encoder; DeepLIFT by our own hand (``deeplift.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmbm.explain.attribution.deeplift import rescale
from mmbm.explain.attribution.spaces import Space
from mmbm.explain.attribution.work import Work

__all__ = [
    "TOLERANCE",
    "Shares",
    "deeplift",
    "gradient_shap",
    "input_x_gradient",
    "integrated_gradients",
    "layer_grad_cam",
    "occlusion",
    "saliency",
    "unit_occlusion",
]

TOLERANCE = 0.01  # of what is to be explained
STEPS = (16, 32, 64, 128, 256)  # tried in turn until the tolerance holds
DRAWS = 16  # of GradientShap
WINDOWS = 8  # a side of the input that an occluding window divides it into


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What a method gave. ``explained`` is NaN for one that promises no sum."""

    values: Tensor  # like the space's input, or (1, 1, height, width) cells of it
    explained: float
    steps: int  # evaluations of the gradient, or of the net

    @property
    def delta(self) -> float:
        """|sum of the values - explained|, as a fraction of it; NaN without a promise."""
        gap = abs(float(self.values.double().sum()) - self.explained)
        return gap / max(abs(self.explained), 1e-3)


def integrated_gradients(space: Space, baseline: Tensor, work: Work) -> Shares:
    """Gradients along the straight line from the baseline, Gauss-Legendre, until they converge.

    On words the input is the embedding, as in Captum's LayerIntegratedGradients.

    Source: Sundararajan, Taly & Yan, ICML 2017.
    """
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(work.watch(space.score))
    explained = work.turn(lambda: _between(space, baseline))

    def attribute(rows: int, steps: int) -> Tensor:
        values: Tensor = method.attribute(
            space.given,
            baselines=baseline,
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=None if rows >= steps else rows,
        )
        return values.detach()

    for done, steps in enumerate(STEPS, 1):
        values = work.halving(
            lambda rows, steps=steps: attribute(rows, steps),  # type: ignore[misc]
            work.rows(space.row_bytes),
        )
        shares = Shares(values, explained, steps)
        if shares.delta <= TOLERANCE:
            break
        work.say(sum(STEPS[:done]) / sum(STEPS))
    return shares


def deeplift(space: Space, baseline: Tensor, work: Work) -> Shares:
    """DeepLIFT, rescale rule: complete from one pass each way.

    Source: Shrikumar, Greenside & Kundaje, ICML 2017.
    """
    score = work.watch(space.score)
    values, explained = work.turn(lambda: rescale(space.encoder, score, space.given, baseline))
    return Shares(values, explained, 1)


def gradient_shap(space: Space, baseline: Tensor, work: Work) -> Shares:
    """Expected gradients at random points of the line from the baseline; an estimate.

    The points are drawn on the CPU and all at once, so that each device and each size of batch
    has the same. Captum's GradientShap draws anew for each batch.

    Source: Lundberg & Lee, NeurIPS 2017; Erion et al., Nat Mach Intell 2021.
    """
    score = work.watch(space.score)
    explained = work.turn(lambda: _between(space, baseline))
    change = space.given - baseline
    way = torch.rand(DRAWS, generator=torch.Generator().manual_seed(0))  # 0 at the baseline
    way = way.to(change.device).view(-1, *[1] * (change.ndim - 1))

    def gradients(places: Tensor) -> Tensor:
        points = (baseline + places * change).detach().requires_grad_()
        (found,) = torch.autograd.grad(score(points).sum(), points)
        return found

    total, done, rows = torch.zeros_like(change), 0, work.rows(space.row_bytes)
    while done < DRAWS:
        some = work.halving(lambda n, first=done: gradients(way[first : first + n]), rows)  # type: ignore[misc]
        total += some.sum(0)
        done += len(some)
        work.say(done / DRAWS)
    return Shares(change * total / DRAWS, explained, DRAWS)


def saliency(space: Space, baseline: Tensor, work: Work) -> Shares:
    """The gradient at the input, signed: logits for a change of one unit there. No baseline.

    Source: Simonyan, Vedaldi & Zisserman, ICLR workshop 2014.
    """
    from captum.attr import Saliency

    method = Saliency(work.watch(space.score))
    return Shares(_at(method, space, work, abs=False), float("nan"), 1)


def input_x_gradient(space: Space, baseline: Tensor, work: Work) -> Shares:
    """The gradient times the input: what a linear net would have as its shares. No baseline.

    Source: Shrikumar et al., arXiv:1605.01713.
    """
    from captum.attr import InputXGradient

    method = InputXGradient(work.watch(space.score))
    return Shares(_at(method, space, work), float("nan"), 1)


def _at(method: Any, space: Space, work: Work, **how: bool) -> Tensor:
    given = space.given.clone().requires_grad_()
    values: Tensor = work.turn(lambda: method.attribute(given, **how))
    return values.detach()


def layer_grad_cam(space: Space, baseline: Tensor, work: Work) -> Shares:
    """The last feature map, each channel by its mean gradient, signed. No baseline.

    Source: Selvaraju et al., ICCV 2017.
    """
    from captum.attr import LayerGradCam

    method = LayerGradCam(work.watch(space.score), space.encoder.project)
    return Shares(_at(method, space, work), float("nan"), 1)


def occlusion(space: Space, baseline: Tensor, work: Work) -> Shares:
    """How far the logit falls when a window holds the baseline, spread evenly over the window.

    Windows are an eighth of a side and overlap by half, a place taking the mean of its windows;
    or as the space has them, side by side.

    Source: Zeiler & Fergus, ECCV 2014.
    """
    high, wide = (max(1, n // WINDOWS) for n in space.given.shape[-2:])
    step = (max(1, high // 2), max(1, wide // 2))
    if (beside := space.kind.window(space.given)) is not None:
        step = high, wide = beside
    whole = work.turn(lambda: _value(space, space.given))
    windows = [
        (..., slice(top, top + high), slice(left, left + wide))
        for top in range(0, space.given.shape[-2], step[0])
        for left in range(0, space.given.shape[-1], step[1])
    ]

    def fall(some: Sequence[tuple[Any, ...]]) -> list[float]:
        rows = space.given.repeat(len(some), *[1] * (space.given.ndim - 1))
        for row, window in zip(rows, some, strict=True):
            row[window] = baseline[0][window]
        with torch.no_grad():
            return (whole - space.score(rows)).tolist()

    values, count = (torch.zeros_like(space.given[0]) for _ in range(2))
    for window, change in zip(windows, _in_batches(windows, fall, space, work), strict=True):
        values[window] += change / values[window].numel()
        count[window] += 1
    return Shares((values / count.clamp(min=1))[None], float("nan"), len(windows))


def unit_occlusion(space: Space, baseline: Tensor, work: Work) -> Shares:
    """How far the logit falls when one unit, such as a word, holds the baseline.

    Source: Li, Monroe & Jurafsky, arXiv:1612.08220.
    """
    unit = space.kind.units(space.given, space.prepared).to(space.given.device)
    known = torch.unique(unit)
    whole = work.turn(lambda: _value(space, space.given))

    def fall(names: Tensor) -> list[float]:
        gone = names.view(-1, *[1] * unit.ndim) == unit  # (units, …)
        rows = torch.where(gone, baseline, space.given)
        with torch.no_grad():
            return (whole - space.score(rows)).tolist()

    values = torch.zeros_like(space.given)
    places = unit.expand(space.given.shape[1:]).flatten()
    for name, change in zip(known, _in_batches(known, fall, space, work), strict=True):
        values[0].view(-1)[int((places == name).nonzero()[0, 0])] = change
    return Shares(values, float("nan"), len(known))


def _in_batches(
    every: Any, fall: Callable[[Any], list[float]], space: Space, work: Work
) -> list[float]:
    """``fall`` of everything, a batch a turn, half as large where memory runs out."""
    falls: list[float] = []
    rows = work.rows(space.row_bytes)
    while len(falls) < len(every):
        first = len(falls)
        falls += work.halving(lambda n, first=first: fall(every[first : first + n]), rows)  # type: ignore[misc]
        work.say(len(falls) / len(every))
    return falls


def _between(space: Space, baseline: Tensor) -> float:
    return _value(space, space.given) - _value(space, baseline)


def _value(space: Space, row: Tensor) -> float:
    with torch.no_grad():
        return float(space.score(row).double())
