"""The maps of some cases before and after a model's weights are shuffled, for the sanity check.

A map that looks the same either way shows the input, not what the model learned.

Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Case
from mmbm.explain.attribution.attribute import METHODS
from mmbm.explain.attribution.judged import evidence
from mmbm.explain.attribution.spaces import SPACES, Over
from mmbm.explain.ledger import ledger
from mmbm.predict import Prediction, Predictor

__all__ = ["Pair", "randomised_maps", "strongest_finding"]

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(units,) logits of the trained weights and of the shuffled ones."""


def randomised_maps(
    predictor: Predictor,
    shuffled: Predictor,
    cases: Sequence[Case],
    over: Over,
    method: str | None = None,
) -> list[Pair]:
    """Each case's map by both models, of the finding that the part moves most.

    ``shuffled`` is ``weight_shuffled(predictor)``. Without a method, the first of
    ``METHODS[over]``. Cases that lack the part are left out.
    """
    name = method or next(iter(METHODS[over]))
    pairs = []
    for case in cases:
        prediction = predictor.predict(case)
        if SPACES[over] not in prediction.present:
            continue
        finding = strongest_finding(prediction, over)
        trained = evidence(predictor, prediction, over, finding, method=name, repeats=0)
        other = evidence(shuffled, shuffled.predict(case), over, finding, method=name, repeats=0)
        pairs.append((trained.shares, other.shares))
    return pairs


def strongest_finding(prediction: Prediction, over: Over) -> str:
    """The finding whose logit that part moves most, up or down."""
    part = SPACES[over]
    return max(ledger(prediction), key=lambda a: abs(a.contributions[part])).finding
