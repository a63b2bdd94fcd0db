"""The verdict's measures against Quantus', of the film's map of a sample case: how far they differ.

    pip install quantus   (in an environment of its own: it brings OpenCV and scikit-image)
    python benchmarks/against_quantus.py [--model default] [--sample adult-opacity]

Quantus is handed the map by unit, and a model whose input says which units are left; erasing a unit
is setting its 0. Orders, masks, noise and shuffled weights are the same on both sides. What both
have: the mean of the deletion and of the insertion curve (PixelFlipping), completeness, infidelity,
the largest relative change under noise (MaxSensitivity), and the rank correlation with the map of
shuffled weights (MPRT). Quantus compares with no random orders, so the chances have no peer there.

Prints one JSON line. Source: Hedström et al., JMLR 2023.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import mmbm
from mmbm.evaluate.golden import sample_case
from mmbm.explain.attribution import Evidence, evidence, weight_shuffled
from mmbm.explain.verdict import STEPS, infidelity, sanity_of, verdict
from mmbm.predict import Predictor

try:
    import quantus
except ImportError:
    quantus = None

SAMPLES = Path(__file__).parents[1] / "assets" / "samples"
PATCH = 2  # a side of the blocks of units that infidelity erases one after the other
Array = NDArray[Any]
ALIKE: dict[str, Any] = {"abs": False, "normalise": False, "disable_warnings": True}


class Left(nn.Module):
    """(batch, 1, *grid), 0 where a unit is erased -> (batch, 1) logits."""

    def __init__(self, of: Evidence) -> None:
        super().__init__()
        self.of, self.shuffled = of, False

    def forward(self, left: Tensor) -> Tensor:
        """The logit with those units left."""
        gone = left.flatten(1).numpy() < 0.5
        return torch.from_numpy(self.of.erase(gone)).float()[:, None]

    def reset_parameters(self) -> None:
        """What Quantus calls to have the weights made random."""
        self.shuffled = True


def ours(found: Evidence, stray: Evidence) -> dict[str, float]:
    """By the library."""
    told = verdict(found.shares, found.erase, grid=found.grid, delta=found.delta, again=found.again)
    checks = {check.name: check.value for check in told.checks}
    return {
        "deletion": told.deletion,
        "insertion": told.insertion,
        "completeness": checks["completeness"],
        "infidelity": infidelity(found.shares, found.erase, blocks(found.grid)),
        "stability": checks["stability"],
        "sanity": sanity_of("", "", "", [(found.shares, stray.shares)]).similarity,
    }


def blocks(grid: tuple[int, ...]) -> NDArray[np.bool_]:
    """(blocks, units) erased: one block of units more in each row, from the top left."""
    gone = np.zeros(grid, bool)
    rows = []
    for top in range(0, grid[0], PATCH):
        for left in range(0, grid[1], PATCH):
            gone[top : top + PATCH, left : left + PATCH] = True
            rows.append(gone.ravel().copy())
    return np.array(rows)


def theirs(found: Evidence, stray: Evidence) -> dict[str, float]:
    """By Quantus."""
    model = Left(found).eval()
    shape = (1, 1, *found.grid)
    left, target = np.ones(shape, np.float32), np.zeros(1, int)
    shares = found.shares.reshape(shape)
    whole = {"model": model, "x_batch": left, "y_batch": target, "channel_first": True}
    whole |= {"softmax": False, "device": "cpu"}
    erased: dict[str, Any] = ALIKE | {"perturb_baseline": 0.0}

    def curve(map_: Array) -> float:
        flip = quantus.PixelFlipping(**erased, features_in_step=1)
        logits = flip(**whole, a_batch=map_)[0]
        counts = [max(1, round(k * len(logits) / (STEPS + 1))) for k in range(1, STEPS + 1)]
        return float(np.mean([logits[count - 1] for count in counts]))

    falls: list[float] = []

    def heard(fall: Array) -> Array:
        falls.append(float(fall[0]))
        return fall

    quantus.Completeness(**erased, output_func=heard)(**whole, a_batch=shares)
    unlike = quantus.Infidelity(**erased, perturb_patch_sizes=[PATCH], n_perturb_samples=1)
    noise = iter(range(1, len(found.again) + 1))

    def noisy(arr: Array, **_: Any) -> Array:
        return arr + next(noise)  # says which of the maps under noise is meant

    def explain(model: Left, inputs: Array, targets: Array, **_: Any) -> Array:
        if model.shuffled:
            return stray.shares.reshape(shape)
        which = round(float(np.asarray(inputs).ravel()[0])) - 1
        return (found.shares if which == 0 else found.again[which - 1]).reshape(shape)

    sensitive = quantus.MaxSensitivity(**ALIKE, nr_samples=len(found.again), perturb_func=noisy)
    random = quantus.MPRT(**ALIKE, return_last_correlation=True)
    explained = whole | {"a_batch": shares, "explain_func": explain}
    return {
        "deletion": curve(shares),
        "insertion": curve(-shares),
        "completeness": abs(float(shares.sum()) - falls[0]) / max(abs(falls[0]), 1e-3),
        "infidelity": float(unlike(**whole, a_batch=shares)[0]),
        "stability": float(sensitive(**explained)[0]),
        "sanity": abs(float(random(**explained)[0])),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--sample", default="adult-opacity")
    parser.add_argument("--finding", default="pneumonia")
    given = parser.parse_args()
    if quantus is None:
        raise SystemExit("Quantus is not installed here: pip install quantus, then run this again.")
    predictor = Predictor.load(given.model, "cpu", threads=1)
    shuffled, case = weight_shuffled(predictor), sample_case(SAMPLES / given.sample)
    found = evidence(predictor, predictor.predict(case), "pixels", given.finding)
    stray = evidence(shuffled, shuffled.predict(case), "pixels", given.finding, repeats=0)
    both = {"ours": ours(found, stray), "quantus": theirs(found, stray)}
    off = {name: abs(value - both["quantus"][name]) for name, value in both["ours"].items()}
    about = {"model": predictor.identity.sha256, "mmbm": mmbm.__version__}
    about |= {"quantus_version": quantus.__version__, "torch": torch.__version__}
    about |= {"sample": given.sample, "finding": given.finding, "tiles": len(found.shares)}
    print(json.dumps(about | both | {"off": off, "largest": max(off.values())}))


if __name__ == "__main__":
    main()
