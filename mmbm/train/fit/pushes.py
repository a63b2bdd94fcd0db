"""What counts as a strong pull of one modality (:mod:`mmbm.trust.judge`)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["fit_pushes"]

Values = NDArray[np.float64]
FEWEST = 20  # held-out cases of a label that have the modality
STRONG = 0.5  # the quantile of what a label's own cases show


def fit_pushes(contributions: Tensor, present: Tensor, labels: Values) -> Tensor:
    """What counts as strong, in logits, below 0 and above 0; NaN: nothing does.

    Nothing does where too few cases have the label, or where half of those that have it are pushed
    the other way or not at all: then the part does not tell the finding.

    Shapes: contributions (n, findings, modalities), present (n, modalities) bool, labels (n,
    findings), NaN unknown -> (findings, modalities, 2).
    """
    pushes = torch.full((labels.shape[1], present.shape[1], 2), torch.nan)
    for c in range(labels.shape[1]):
        for m in range(present.shape[1]):
            for y in (0, 1):
                mine = present[:, m].numpy() & (labels[:, c] == y)
                if mine.sum() >= FEWEST:
                    shown = contributions[mine, c, m].numpy()
                    push = float(np.quantile(shown, STRONG if y else 1 - STRONG))
                    pushes[c, m, y] = push if (push > 0 if y else push < 0) else torch.nan
    return pushes
