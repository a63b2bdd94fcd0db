"""The maps of some cases before and after a model's weights are shuffled, for the sanity check.

A map that looks the same either way shows the input, not what the model learned.

Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmbm.branches.registry import space_named
from mmbm.case import Case
from mmbm.explain.attribution.judged import evidence
from mmbm.explain.ledger import ledger
from mmbm.predict import Prediction, Predictor

__all__ = ["Pair", "randomised_maps", "strongest_finding"]

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(units,) logits of the trained weights and of the shuffled ones."""


def randomised_maps(
    predictor: Predictor,
    shuffled: Predictor,
    cases: Sequence[Case],
    over: str,
    method: str | None = None,
) -> list[Pair]:
    """Each case's map by both models, of the finding that the part moves most.

    ``shuffled`` is ``weight_shuffled(predictor)``. Without a method, the
    space's first. Cases that lack the part are left out.
    """
    branch, space = space_named(over)
    name = method or space.methods[0]
    pairs = []
    for case in cases:
        prediction = predictor.predict(case)
        if branch.name not in prediction.present:
            continue
        finding = strongest_finding(prediction, over)
        trained = evidence(predictor, prediction, over, finding, method=name, repeats=0)
        other = evidence(shuffled, shuffled.predict(case), over, finding, method=name, repeats=0)
        pairs.append((trained.shares, other.shares))
    return pairs


def strongest_finding(prediction: Prediction, over: str) -> str:
    """The finding whose logit that part moves most, up or down."""
    part = space_named(over)[0].name
    return max(ledger(prediction), key=lambda a: abs(a.contributions[part])).finding
