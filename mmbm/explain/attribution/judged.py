"""What a judge needs of a map: its shares by unit, and what the logit is with units erased.

A unit is a tile of the film, a word, a block of bands and moments, or a tenth of a second. Between
an erased unit and one that is left the baseline fades into the input from the middle of the one to
the middle of the other: a hard edge is an event of its own, an onset in every band at once, which
the sound branch hears as one. Words have hard edges.

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
from mmbm.explain.attribution.spaces import Over, Space, space_of
from mmbm.explain.attribution.work import Progress, Work
from mmbm.model.checkpoint import LoadedModel
from mmbm.predict import Prediction, Predictor

__all__ = ["Evidence", "evidence", "units", "weight_shuffled"]

TILES = 16  # a side of the film
BANDS, FRAMES = 16, 16  # groups of bands, and frames (0.26 s), of a block
SAMPLES = 1600  # 0.1 s
HALF_STEP = 1 / 255  # half a step of an 8-bit film, whose greys span 2
HALF_SAMPLE = 2.0**-16  # half a step of a 16-bit recording


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
    over: Over,
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
    again = () if over == "words" else range(repeats)
    return Evidence(
        _by_unit(found.space, found.shares.values),
        found.shares.delta,
        _eraser(found, silent),
        tuple(
            _by_unit(moved.space, moved.shares.values)
            for moved in (made(_rounded(prediction, seed), silent) for seed in again)
        ),
        grid_of(found.space),
    )


def grid_of(space: Space) -> tuple[int, ...]:
    """How many units there are along each axis of the space; words and samples have one."""
    shape = space.given.shape[1:]
    if space.over == "words":
        return (int(units(space).max()) + 1,)
    if space.over == "samples":
        return (-(-shape[0] // SAMPLES),)
    if space.over == "bands":
        return (min(BANDS, shape[0]), -(-shape[1] // FRAMES))
    return (min(TILES, shape[-2]), min(TILES, shape[-1]))


def units(space: Space) -> Tensor:
    """Which unit each place of the space's input belongs to, int64, broadcastable to it."""
    shape = space.given.shape[1:]
    if space.over == "words":
        tokens = space.prediction.features.prepared.tokens
        assert tokens is not None
        of_token: Tensor = torch.unique(torch.tensor(tokens.words), return_inverse=True)[1]
        return of_token[:, None]
    if space.over == "samples":
        return torch.arange(shape[0]) // SAMPLES
    down, across = (torch.arange(n) * min(TILES, n) // n for n in shape[-2:])
    if space.over == "bands":
        down = torch.arange(shape[0]) * min(BANDS, shape[0]) // shape[0]
        across = torch.arange(shape[1]) // FRAMES
    return down[:, None] * (int(across[-1]) + 1) + across


def _by_unit(space: Space, values: Tensor) -> NDArray[np.float64]:
    """Shares of places, or of cells spread evenly over them, added up by unit."""
    unit = units(space)
    found = values[0].double().cpu()
    if found.shape != space.given.shape[1:]:
        size = space.given.shape[-2:]
        found = torch.nn.functional.interpolate(found[None], size)[0]
        found *= values.numel() / found.numel()
    if space.over == "words":
        found = found.sum(-1, keepdim=True)
    flat = unit.expand(found.shape).flatten()
    summed: NDArray[np.float64] = (
        torch.zeros(int(unit.max()) + 1).double().index_add(0, flat, found.flatten()).numpy()
    )
    return summed


def _eraser(found: Found, work: Work) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
    def scores(space: Space, masks: Tensor) -> list[float]:
        gone = _faded(space, masks.to(space.given.device))
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


def _faded(space: Space, masks: Tensor) -> Tensor:
    """(rows, units) erased -> how much of each place is the baseline's, 0 to 1, (rows, …)."""
    if space.over == "words":
        return masks[:, units(space).to(masks.device)].to(space.given.dtype)
    grid, shape = grid_of(space), space.given.shape[1:]
    planes = masks.reshape(len(masks), 1, *grid).to(space.given.dtype)
    if space.over == "samples":
        size: tuple[int, ...] = (grid[0] * SAMPLES,)
        gone = torch.nn.functional.interpolate(planes, size, mode="linear")
        return gone[:, 0, : shape[0]]
    size = (shape[-2], grid[1] * FRAMES if space.over == "bands" else shape[-1])
    gone = torch.nn.functional.interpolate(planes, size, mode="bilinear")[..., : shape[-1]]
    return gone.reshape(len(masks), *[1] * (len(shape) - 2), *shape[-2:])


def _rounded(prediction: Prediction, seed: int) -> Prediction:
    """The same case with noise of up to half a step of its quantisation."""
    draw = torch.Generator().manual_seed(seed)

    def noisy(signal: Tensor | None, step: float) -> Tensor | None:
        if signal is None:
            return None
        return signal + step * (2 * torch.rand(signal.shape, generator=draw) - 1)

    features = prediction.features
    inputs = features.prepared.inputs
    film = noisy(inputs.film, HALF_STEP)
    if film is not None and inputs.film is not None:
        film[:, 1:] = inputs.film[:, 1:]  # the lungs stay
    moved = replace(inputs, film=film, waveform=noisy(inputs.waveform, HALF_SAMPLE))
    prepared = replace(features.prepared, inputs=moved)
    return replace(prediction, features=replace(features, prepared=prepared))


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
        tokenizer=predictor.tokenizer,
        identity=predictor.identity,
        folder=predictor.folder,
        trust=predictor.trust,
    )
    return Predictor(loaded, predictor.torch_device.type)
