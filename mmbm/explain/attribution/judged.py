"""What a judge needs of a map: its shares by unit, and what the logit is with units erased.

A unit is what the space says: a tile of the film, a word, a block of bands and moments. Between an
erased unit and one that is left the baseline may fade into the input from the middle of the one to
the middle of the other, for a hard edge can be an event of its own.

The judge itself is ``mmbm.explain.verdict``, which knows nothing of how a map was made.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.explain.attribution.attribute import Found, found_in
from mmbm.explain.attribution.spaces import Space, space_of
from mmbm.explain.attribution.work import Progress, Work
from mmbm.model.checkpoint import LoadedModel
from mmbm.predict import Prediction, Predictor

__all__ = ["Evidence", "evidence", "units", "weight_shuffled"]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A map by units, ready to be judged."""

    shares: NDArray[np.float64]  # (units,) logits
    delta: float  # the map's completeness error, as a fraction; NaN where it promises no sum
    erase: Callable[[NDArray[np.bool_]], NDArray[np.float64]]
    """(rows, units), True where a unit holds the baseline -> (rows,) logits."""
    again: tuple[NDArray[np.float64], ...]  # shares of the same case within its quantisation
    grid: tuple[int, ...]  # how the units lie, row by row


def evidence(
    predictor: Predictor,
    prediction: Prediction,
    over: str,
    finding: str,
    *,
    method: str | None = None,
    baseline: str | None = None,
    repeats: int = 3,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evidence:
    """A map of one case with what is needed to judge it. Raises as ``attribute`` does.

    ``repeats`` is how many times the map is made again with noise that rounding would hide; words
    have no such noise.
    """
    work = Work(predictor, progress, cancelled)

    def made(of: Prediction, step: Work) -> Found:
        return found_in(of, over, finding, method=method, baseline=baseline, work=step)

    found = made(prediction, work)
    silent = replace(work, progress=None)
    again = range(repeats) if found.space.kind.step else ()
    return Evidence(
        _by_unit(found.space, found.shares.values),
        found.shares.delta,
        _eraser(found, silent),
        tuple(
            _by_unit(moved.space, moved.shares.values)
            for moved in (made(_rounded(found.space, seed), silent) for seed in again)
        ),
        grid_of(found.space),
    )


def grid_of(space: Space) -> tuple[int, ...]:
    """How many units there are along each axis of the space."""
    return space.kind.grid(space.given, space.prepared)


def units(space: Space) -> Tensor:
    """Which unit each place of the space's input belongs to, int64, broadcastable to it."""
    return space.kind.units(space.given, space.prepared)


def _by_unit(space: Space, values: Tensor) -> NDArray[np.float64]:
    """Shares of places, or of cells spread evenly over them, added up by unit."""
    unit = units(space)
    found = values[0].double().cpu()
    if found.shape != space.given.shape[1:]:
        size = space.given.shape[-2:]
        found = torch.nn.functional.interpolate(found[None], size)[0]
        found *= values.numel() / found.numel()
    if unit.ndim == found.ndim and unit.shape[-1] == 1:  # a unit holds all of the last axis
        found = found.sum(-1, keepdim=True)
    flat = unit.expand(found.shape).flatten()
    summed: NDArray[np.float64] = (
        torch.zeros(int(unit.max()) + 1).double().index_add(0, flat, found.flatten()).numpy()
    )
    return summed


def _eraser(found: Found, work: Work) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
    def scores(space: Space, masks: Tensor) -> list[float]:
        gone = space.kind.faded(space.given, space.prepared, masks.to(space.given.device))
        reference = found.reference.to(space.given.device)
        with torch.no_grad():
            return space.score(torch.lerp(space.given, reference, gone)).tolist()

    def all_scores(work: Work, rows: Tensor) -> list[float]:
        space = work.turn(lambda: _of(found.space, work.predictor))
        at_once = work.rows(space.row_bytes)
        logits: list[float] = []
        while len(logits) < len(rows):
            first = len(logits)
            logits += work.halving(lambda n: scores(space, rows[first : first + n]), at_once)  # noqa: B023
        return logits

    def erase(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.array(work.fitting(lambda fits: all_scores(fits, torch.from_numpy(masks))))

    return erase


def _of(space: Space, predictor: Predictor) -> Space:
    """The same space for the predictor's net; after a lack of memory either may be on the CPU."""
    if space.encoder is predictor.network.encoders[space.modality]:
        return space
    return space_of(predictor, space.prediction, space.over, space.finding)


def _rounded(space: Space, seed: int) -> Prediction:
    """The same case with noise of up to half a step of the part's quantisation."""
    features = space.prediction.features
    moved = space.kind.rounded(space.prepared, torch.Generator().manual_seed(seed))
    prepared = features.prepared | {space.modality: moved}
    return replace(space.prediction, features=replace(features, prepared=prepared))


def weight_shuffled(predictor: Predictor, seed: int = 0) -> Predictor:
    """The same model with the entries of each of its encoders' weights in random order.

    Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
    """
    network = copy.deepcopy(predictor.network).cpu()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.encoders.parameters():
            if weight.ndim > 1:
                order = torch.randperm(weight.numel(), generator=draw)
                weight.copy_(weight.flatten()[order].reshape(weight.shape))
    loaded = LoadedModel(
        network=network,
        tools=predictor.tools,
        identity=predictor.identity,
        folder=predictor.folder,
        trust=predictor.trust,
    )
    return Predictor(loaded, predictor.torch_device.type)
