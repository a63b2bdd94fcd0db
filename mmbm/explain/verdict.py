"""The verdict: may this map of this case be believed?

Four questions, each a number with a limit. *Deletion, insertion*: does erasing what the map names
first lower the logit more than erasing in random orders, and putting it back first raise it more?
Neither may be like chance, and the *contrast*, how far the one lies above the other, must be
clearly better. *Stability*: does the map stay the same under noise that rounding would hide?
*Sanity*: does it change when the weights are shuffled (once a model, stored)? *Completeness*: does
it sum to what it explains, which is measured here and not taken from the method? A map that fails
one fails.

A random order is as clumpy as the map that it is compared with: erasing neighbours together leaves
fewer edges than erasing here and there, whatever they show, so that any clumpy map, one of shuffled
weights too, would beat (or lose to) orders that jump about. Where a map has no clumps these are all
orders alike. Each is taken both ways round, so that the contrast of random orders is 0 on average.

Source: Petsiuk, Das & Saenko, BMVC 2018 (deletion, insertion); Theiler et al., Physica D 1992
(orders); Adebayo et al., NeurIPS 2018 (sanity); Yeh et al., NeurIPS 2019 (infidelity, sensitivity).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from scipy.special import ndtri, stdtr
from scipy.stats import rankdata

from mmbm.errors import ModelError
from mmbm.storage import put, take
from mmbm.text import sentence

__all__ = [
    "CURVES",
    "LIMITS",
    "Check",
    "MapVerdict",
    "Sanity",
    "infidelity",
    "read_sanity",
    "sanity_of",
    "sensitivity",
    "verdict",
    "write_sanity",
]

Shares = NDArray[np.float64]  # (units,) logits
Erase = Callable[[NDArray[np.bool_]], NDArray[np.float64]]
"""(rows, units), True where a unit is erased -> (rows,) logits."""
State = Literal["pass", "caution", "fail"]

STEPS = 3  # points of a deletion curve
ORDERS = 16  # random orders that a map is compared with, each both ways round
CURVES = 2 * ORDERS + 3  # calls of ``erase`` in one verdict, of ``STEPS`` rows; the last has two
LEAST = 1e-3  # logits; what is explained counts as no less, or its fraction would tell nothing
SANITY_FILE = "sanity.jsonl"  # in the model's folder, a line for each space and method
# (passes below, fails from) of each check
LIMITS: dict[str, tuple[float, float]] = {
    "deletion": (0.05, 0.2),  # p of a random order doing as well
    "insertion": (0.05, 0.2),
    "contrast": (0.01, 0.025),  # the same of both together, which decides
    "stability": (0.2, 0.5),  # the largest relative change of the map
    "sanity": (0.5, 0.8),  # rank correlation with the map of shuffled weights
    "completeness": (0.01, 0.05),  # of what is explained
}


@dataclass(frozen=True, slots=True)
class Check:
    """One question's number; the smaller, the better."""

    name: str
    value: float

    @property
    def state(self) -> State:
        """By the check's two limits."""
        good, bad = LIMITS[self.name]
        return "pass" if self.value < good else "caution" if self.value < bad else "fail"


@dataclass(frozen=True, slots=True)
class MapVerdict:
    """The checks that could be made of one map."""

    checks: tuple[Check, ...]
    deletion: float  # mean logit while the map's units are erased, strongest first
    insertion: float  # the same while they are put back
    random: float  # mean logit while units are erased in random orders

    @property
    def state(self) -> State:
        """The worst of the checks."""
        found = {check.state for check in self.checks}
        return "fail" if "fail" in found else "caution" if "caution" in found else "pass"


@dataclass(frozen=True, slots=True)
class Sanity:
    """How alike a method's maps are before and after the weights are shuffled; once a model."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str  # sha256 of the weights
    over: str  # what the maps are drawn over: "pixels", "words", "bands" or "samples"
    method: str
    similarity: Annotated[float, Field(ge=0.0, le=1.001)]  # mean absolute rank correlation, 0 to 1
    cases: Annotated[int, Field(ge=0)]

    def to_json(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str | bytes) -> Sanity:
        """Read what ``to_json`` wrote. Raises ModelError where it is something else."""
        try:
            return TypeAdapter(cls).validate_json(line)
        except ValidationError as exc:
            raise ModelError(sentence("explain.sanity")) from exc


def verdict(
    shares: Shares,
    erase: Erase,
    *,
    grid: tuple[int, ...] | None = None,
    delta: float = math.nan,
    again: Sequence[Shares] = (),
    sanity: Sanity | None = None,
    seed: int = 0,
) -> MapVerdict:
    """Judge a map's shares by unit; the units fill ``grid`` row by row, by default a line.

    ``delta`` is what the method says it misses of its sum, NaN where it promises none; ``again``
    the same map made of the same case with a little noise. Costs ``CURVES`` calls of ``erase``.
    """
    shape = grid or shares.shape
    draw = np.random.default_rng(seed)
    order = np.argsort(-shares, kind="stable")
    deletion, insertion = _both_ways(order, erase)
    by_chance = np.array(
        [_both_ways(_random_order(shares, shape, draw), erase) for _ in range(ORDERS)]
    )
    middle, spread = float(by_chance.mean()), float(by_chance.std(ddof=1))
    spread *= math.sqrt(1 + 1 / by_chance.size)  # of one more, about the mean of these
    across = math.sqrt(float(np.square(by_chance[:, 1] - by_chance[:, 0]).mean()))
    checks = [
        Check("deletion", _chance(middle - deletion, spread)),
        Check("insertion", _chance(insertion - middle, spread)),
        Check("contrast", _chance(insertion - deletion, across)),
    ]
    if len(again):
        checks.append(Check("stability", sensitivity(shares, again)))
    if sanity is not None:
        checks.append(Check("sanity", sanity.similarity))
    if not math.isnan(delta):
        checks.append(Check("completeness", _missed(shares, erase)))
    return MapVerdict(tuple(checks), deletion, insertion, middle)


def _random_order(
    shares: Shares, shape: tuple[int, ...], draw: np.random.Generator
) -> NDArray[np.int64]:
    """A random order as clumpy as the map: its ranks' spectrum with random phases, (units,)."""
    axes = tuple(range(len(shape)))
    ranks = ndtri((rankdata(shares) - 0.5) / len(shares)).reshape(shape)
    spectrum = np.abs(np.fft.rfftn(ranks, axes=axes))
    spectrum.flat[0] = 0.0  # the mean orders nothing
    phases = np.angle(np.fft.rfftn(draw.standard_normal(shape), axes=axes))
    field = np.fft.irfftn(spectrum * np.exp(1j * phases), s=shape, axes=axes)
    return np.argsort(-field.ravel(), kind="stable")


def _both_ways(order: NDArray[np.int64], erase: Erase) -> tuple[float, float]:
    """Mean logit while units are erased in that order, and in its reverse.

    What is erased last is what is put back first, so the second is the insertion curve's mean.
    """
    return float(_curve(order, erase).mean()), float(_curve(order[::-1], erase).mean())


def _curve(order: NDArray[np.int64], erase: Erase) -> NDArray[np.float64]:
    """Logits with more and more units erased in that order, (STEPS,), the last but one step."""
    rows = np.zeros((STEPS, len(order)), dtype=bool)
    for step, row in enumerate(rows, 1):
        row[order[: max(1, round(step * len(order) / (STEPS + 1)))]] = True
    return erase(rows)


def _chance(better: float, spread: float) -> float:
    """The chance that a random order is as much better: Student's t, as the spread is estimated.

    The two ways round tell nearly the same, so ``ORDERS`` and not twice as many count as seen.
    """
    return float(stdtr(ORDERS, -better / max(spread, 1e-9)))


def _missed(shares: Shares, erase: Erase) -> float:
    """How far the shares' sum is off the fall of the logit when all units go, as a fraction."""
    whole, gone = erase(np.array([[False], [True]]).repeat(len(shares), 1))
    fall = float(whole - gone)
    return abs(float(shares.sum()) - fall) / max(abs(fall), LEAST)


def sensitivity(shares: Shares, again: Sequence[Shares]) -> float:
    """The largest relative change of the map: captum.metrics.sensitivity_max over ``again``."""
    size = float(np.linalg.norm(shares)) or 1.0
    return max(float(np.linalg.norm(other - shares)) / size for other in again)


def infidelity(shares: Shares, erase: Erase, masks: NDArray[np.bool_]) -> float:
    """Mean square of what the erased units' shares are off the fall of the logit, (rows, units)."""
    whole = erase(np.zeros((1, len(shares)), dtype=bool))[0]
    off = masks @ shares - (whole - erase(masks))
    return float(np.square(off).mean())


def sanity_of(model: str, over: str, method: str, pairs: Sequence[tuple[Shares, Shares]]) -> Sanity:
    """Compare the maps of some cases with those of the same model, its weights shuffled."""
    alike = [_alike(trained, shuffled) for trained, shuffled in pairs]
    return Sanity(model, over, method, float(np.mean(alike)), len(alike))


def _alike(trained: Shares, shuffled: Shares) -> float:
    """The absolute rank correlation of two maps; 0 where one of them names nothing."""
    if np.ptp(trained) == 0 or np.ptp(shuffled) == 0:
        return 0.0
    return abs(float(np.corrcoef(rankdata(trained), rankdata(shuffled))[0, 1]))


def write_sanity(folder: Path, found: Sequence[Sanity]) -> Path:
    """Store the checks in a model's folder; returns the file."""
    put(folder, SANITY_FILE, "".join(line.to_json() + "\n" for line in found).encode())
    return folder / SANITY_FILE


def read_sanity(folder: Path, model: str) -> tuple[Sanity, ...]:
    """The checks stored in a model's folder that are of these weights; none without the file.

    Raises ModelError where it is not a file that ``write_sanity`` wrote.
    """
    found = [Sanity.from_json(line) for line in (take(folder, SANITY_FILE) or b"").splitlines()]
    return tuple(check for check in found if check.model == model)
