"""Conformal answers: yes, no, or not sure, right at least as often as the level asked for.

Split conformal prediction on held-out patients. An answer is the set of labels whose probability
is not too low for that label: ``1 - p_y <= threshold_y``, the threshold being the quantile of
``1 - p_y`` over held-out cases that have the label y (label-conditional, so that a rare label is
not sacrificed). There is one table for each subset of modalities, since what is given changes the
probabilities, and one for each source by whose films the picture is nearest to: sources differ in
how hard they are, and one threshold for all would promise too much in the harder. Both labels in
the set, or none, is "not sure". A rare label's cases may all score low, and the set then hold it
alone at a probability of 0.3: the likelier label joins it, for nobody should read "yes" of what
is probably not so. That only adds to how often the truth is held.

Source: Vovk, Conditional validity of inductive conformal predictors, ACML 2012; Angelopoulos &
Bates, A Gentle Introduction to Conformal Prediction, 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmbm.model.tables import LEVELS, TrustTables

__all__ = ["answers"]


def answers(
    tables: TrustTables, level: float, coalition: int, groups: Tensor, probabilities: Tensor
) -> Tensor:
    """Which labels are in each answer: (n, findings) probabilities -> (n, findings, 2) float.

    1 in, 0 out, NaN where the coalition has no table; last axis no, yes. ``coalition`` is its row
    in :func:`mmbm.model.readout.coalitions`; ``groups`` (n,) int64, the nearest source, -1: none.
    """
    table = tables.thresholds[LEVELS.index(level), coalition].double()
    row = table[groups + 1]  # (n, findings, 2)
    fitted = row.isnan().any(-1, keepdim=True).logical_not()
    row = torch.where(fitted, row, table[:1])
    strange = torch.stack([probabilities, 1 - probabilities], -1).double()
    # a threshold is float32, and the case it was taken from must stay inside
    inside = strange <= row + 1e-6
    alone = inside.sum(-1, keepdim=True) == 1
    inside |= alone & (strange <= 0.5)  # the likelier label
    return torch.where(row.isnan(), torch.nan, inside.double())
