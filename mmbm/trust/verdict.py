"""The verdict: may this map of this case be believed?

Four questions, each a number with a limit. *Deletion, insertion*: does erasing what the map names
first lower the logit more than erasing in random orders, and putting it back first raise it more?
*Stability*: does the map stay the same under noise that rounding would hide? *Sanity*: does it
change when the weights are shuffled (once a model, stored)? *Completeness*: does it sum to what it
explains? A map that fails one fails.

Source: Petsiuk, Das & Saenko, BMVC 2018 (deletion, insertion); Adebayo et al., NeurIPS 2018
(sanity); Yeh et al., NeurIPS 2019 (infidelity, sensitivity).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from mmbm.errors import ModelError

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

STEPS = 8  # points of a deletion curve
ORDERS = 20  # random orders that a map is compared with
CURVES = ORDERS + 2  # calls of ``erase`` in one verdict, ``STEPS`` rows each
SANITY_FILE = "sanity.jsonl"  # in the model's folder, a line for each space and method
# (passes below, fails from) of each check
LIMITS: dict[str, tuple[float, float]] = {
    "deletion": (0.01, 0.05),  # p of a random order doing as well
    "insertion": (0.01, 0.05),
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
        """The worst of the checks; one of deletion and insertion passing is enough for caution."""
        states = {check.name: check.state for check in self.checks}
        curves = {states.pop("deletion"), states.pop("insertion")}
        if "fail" in curves and len(curves) == 1:
            return "fail"
        left = {*states.values(), *("caution" for c in curves if c != "pass")}
        return "fail" if "fail" in left else "caution" if "caution" in left else "pass"


@dataclass(frozen=True, slots=True)
class Sanity:
    """How alike a method's maps are before and after the weights are shuffled; once a model."""

    model: str  # sha256 of the weights
    over: str  # what the maps are drawn over: "pixels", "words", "bands" or "samples"
    method: str
    similarity: float  # mean absolute rank correlation, 0 to 1
    cases: int

    def to_json(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Sanity:
        """Read what ``to_json`` wrote. Raises ModelError where it is something else."""
        try:
            return cls(**json.loads(line))
        except (ValueError, TypeError) as exc:
            raise ModelError("The stored sanity check is not one that this program wrote.") from exc


def verdict(
    shares: Shares,
    erase: Erase,
    *,
    delta: float = math.nan,
    again: Sequence[Shares] = (),
    sanity: Sanity | None = None,
    seed: int = 0,
) -> MapVerdict:
    """Judge a map's shares by unit; ``delta`` is its completeness error, ``again`` its repeats.

    Costs ``CURVES`` calls of ``erase``, ``STEPS`` rows each.
    """
    order = np.argsort(-shares, kind="stable")
    draw = np.random.default_rng(seed)
    by_chance = np.array(
        [_curve(draw.permutation(len(shares)), erase).mean() for _ in range(ORDERS)]
    )
    deletion = float(_curve(order, erase).mean())
    insertion = float(_curve(order[::-1], erase).mean())  # erased last is put back first
    checks = [
        Check("deletion", _by_chance(deletion, by_chance)),
        Check("insertion", _by_chance(-insertion, -by_chance)),
    ]
    if len(again):
        checks.append(Check("stability", sensitivity(shares, again)))
    if sanity is not None:
        checks.append(Check("sanity", sanity.similarity))
    if not math.isnan(delta):
        checks.append(Check("completeness", delta))
    return MapVerdict(tuple(checks), deletion, insertion, float(by_chance.mean()))


def _curve(order: NDArray[np.int64], erase: Erase) -> NDArray[np.float64]:
    """Logits with more and more units erased in that order, (STEPS,), the last but one step."""
    rows = np.zeros((STEPS, len(order)), dtype=bool)
    for step, row in enumerate(rows, 1):
        row[order[: max(1, round(step * len(order) / (STEPS + 1)))]] = True
    return erase(rows)


def _by_chance(value: float, random: NDArray[np.float64]) -> float:
    """The chance that a random order does as well: normal, from the orders' mean and spread."""
    spread = max(float(random.std(ddof=1)), 1e-9)
    return 0.5 * math.erfc((float(random.mean()) - value) / spread / math.sqrt(2.0))


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
    path = folder / SANITY_FILE
    path.write_text("".join(line.to_json() + "\n" for line in found), encoding="utf-8")
    return path


def read_sanity(folder: Path, model: str) -> tuple[Sanity, ...]:
    """The checks stored in a model's folder that are of these weights; none without the file.

    Raises ModelError where it is not a file that ``write_sanity`` wrote.
    """
    path = folder / SANITY_FILE
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (Sanity.from_json(line) for line in lines)
    return tuple(check for check in found if check.model == model)
