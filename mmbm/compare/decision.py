"""Decision curves: what it is worth to act on a model's probability.

Source: Vickers & Elkin, Medical Decision Making 2006. Who acts from a probability ``t`` on holds a
case that is treated in vain to be worth ``t / (1 - t)`` of one that is found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmbm.compare.figures import Decision

__all__ = ["THRESHOLDS", "decision", "net_benefits"]

Values = NDArray[np.float64]
THRESHOLDS: Values = np.arange(1, 100) / 100


def net_benefits(probabilities: Values, labels: Values, thresholds: Values) -> Values:
    """Net benefit a case, (t,), of (n,) probabilities acted on from each threshold on, (t,)."""
    # how many cases of either label lie below each threshold
    found, in_vain = (
        len(part) - np.searchsorted(np.sort(part), thresholds, side="left")
        for part in (probabilities[labels == 1], probabilities[labels == 0])
    )
    benefit: Values = (found - in_vain * thresholds / (1 - thresholds)) / len(labels)
    return benefit


def decision(probabilities: dict[str, Values], labels: Values) -> Decision:
    """The curves of several models on the same (n,) labels, with that of treating all."""
    all_of_them = net_benefits(np.ones(len(labels)), labels, THRESHOLDS)
    return Decision(
        thresholds=tuple(map(float, THRESHOLDS)),
        treat_all=tuple(map(float, all_of_them)),
        models={
            name: tuple(map(float, net_benefits(scored, labels, THRESHOLDS)))
            for name, scored in probabilities.items()
        },
    )
