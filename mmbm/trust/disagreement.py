"""Disagreement: two modalities that pull a finding strongly in opposite directions.

Strongly is as strongly as half of the held-out cases of that label: one part speaks for the
finding like the median case that has it, another against it like the median case that has not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.case import MODALITIES, Modality

__all__ = ["Disagreement", "disagreements", "fit_pushes"]

Values = NDArray[np.float64]
FEWEST = 20  # held-out cases of a label that have the modality
STRONG = 0.5  # the quantile of what a label's own cases show


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Which parts speak for a finding, and which against it."""

    finding: str
    raising: tuple[Modality, ...]
    lowering: tuple[Modality, ...]


def fit_pushes(contributions: Tensor, present: Tensor, labels: Values) -> Tensor:
    """What counts as strong: (findings, 3, 2) logits, below 0 and above 0; NaN: nothing does.

    Nothing does where too few cases have the label, or where half of those that have it are pushed
    the other way or not at all: then the part does not tell the finding.

    Shapes: contributions (n, findings, 3), present (n, 3) bool, labels (n, findings), NaN unknown.
    """
    pushes = torch.full((labels.shape[1], len(MODALITIES), 2), torch.nan)
    for c in range(labels.shape[1]):
        for m in range(len(MODALITIES)):
            for y in (0, 1):
                mine = present[:, m].numpy() & (labels[:, c] == y)
                if mine.sum() >= FEWEST:
                    shown = contributions[mine, c, m].numpy()
                    push = float(np.quantile(shown, STRONG if y else 1 - STRONG))
                    pushes[c, m, y] = push if (push > 0 if y else push < 0) else torch.nan
    return pushes


def disagreements(
    findings: tuple[str, ...], contributions: Tensor, pushes: Tensor
) -> tuple[Disagreement, ...]:
    """One for each finding over which modalities disagree; contributions (findings, 3)."""
    found = []
    for c, finding in enumerate(findings):
        low, high = pushes[c, :, 0], pushes[c, :, 1]
        raising, lowering = (
            tuple(m for m, strong in zip(MODALITIES, side.tolist(), strict=True) if strong)
            for side in (
                (contributions[c] >= high) & (contributions[c] > 0),
                (contributions[c] <= low) & (contributions[c] < 0),
            )
        )
        if raising and lowering:
            found.append(Disagreement(finding, raising, lowering))
    return tuple(found)
