"""The account against Captum: the section ``agreement`` of the evaluation record.

Captum's ShapleyValues asks the forward pass alone and knows nothing of how the account is made, so
what the record says of the account can be looked up rather than believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.data.manifest import Manifest
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.scores import Scores, drawn_parts
from mmbm.explain.attribution import shapley_values
from mmbm.model.readout import CoalitionReadout, Readout, coalitions
from mmbm.record.figures import Agreement

__all__ = ["agreement"]

CASES = 300  # at most
SEED = 0
MAX_MODALITIES = 6  # with all their 720 orders it still takes seconds


def agreement(
    readout: Readout | CoalitionReadout,
    manifest: Manifest,
    scores: Scores,
    modalities: Sequence[str],
) -> Agreement | None:
    """How far the account of the manifest's cases lies from Captum's, and its sum from the logit.

    None without cases, and where the modalities have too many orders.
    """
    if not len(scores.present) or len(modalities) > MAX_MODALITIES:
        return None
    cases, heard = drawn_cases(scores.present)
    features = scores.features[cases].double() * heard[..., None]
    contributions = readout.contributions(features)  # (cases, findings, modalities)
    difference = (contributions - shapley_values(readout, features)).abs().max()
    residual = (readout.base() + contributions.sum(-1) - readout.logits(features)).abs().max()
    kept = manifest.take(np.isin(np.arange(len(scores.present)), cases))
    assembled = drawn_parts(kept.rows["assembled"].to_numpy(str), modalities)
    return Agreement(
        n=len(cases),
        assembled=int(assembled.any(1).sum()),
        absent=int((~heard).any(1).sum()),
        findings=contributions.shape[1],
        difference=float(difference),
        residual=float(residual),
        cases_sha256=cases_sha256(kept),
    )


def drawn_cases(present: Tensor) -> tuple[NDArray[np.int64], Tensor]:
    """Rows of up to 300 cases, in their order, and what is heard of each, (cases, modalities) bool.

    Half of them have a modality or more excluded, unless nothing were left.
    """
    draw = np.random.default_rng(SEED)
    cases = np.sort(draw.permutation(len(present))[:CASES])
    subsets = coalitions(present.shape[1])
    chosen = subsets[torch.from_numpy(draw.integers(len(subsets), size=len(cases)))]
    given = present[cases]
    fewer = given & chosen
    excluded = fewer.any(1) & (torch.arange(len(cases)) % 2 == 1)
    return cases, torch.where(excluded[:, None], fewer, given)
