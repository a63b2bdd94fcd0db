"""What contributions are like over many cases, and how sure each one is.

:func:`fit_population` keeps the percentiles of each modality's contribution over held-out cases:
whether +1.2 is much or little. :func:`fit_spread` keeps how the head would vary had it been fitted
on other patients: the sandwich covariance of a logistic regression on the fused features, clustered
by patient. The encoders are taken as they are, so it is the least that the uncertainty can be.

Source: White, Maximum likelihood estimation of misspecified models, Econometrica 1982.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.model.readout import CoalitionReadout, Readout

__all__ = ["fit_population", "fit_spread"]

FEWEST = 20  # cases
RIDGE = 0.01  # of the mean curvature, so that directions without cases do not run away


def fit_population(contributions: Tensor, present: Tensor) -> Tensor:
    """Percentiles 0 to 100 of each contribution; NaN: too few cases.

    Shapes: contributions (n, findings, modalities) logits, present (n, modalities) bool ->
    (findings, modalities, 101) float32.
    """
    found = torch.full((contributions.shape[1], present.shape[1], 101), torch.nan)
    for m in range(present.shape[1]):
        shown = contributions[present[:, m], :, m].numpy()  # (cases, findings)
        if len(shown) >= FEWEST:
            found[:, m] = torch.from_numpy(np.percentile(shown, np.arange(101), axis=0).T)
    return found


def fit_spread(
    readout: Readout | CoalitionReadout,
    features: Tensor,
    labels: NDArray[np.float64],
    patients: NDArray[np.str_],
) -> Tensor | None:
    """Covariance of each finding's row of W, (findings, d, d) float32; None without a linear head.

    Shapes: features (n, modalities, d), labels (n, findings) in [0, 1] with NaN for
    unknown, patients (n,).
    """
    if not isinstance(readout, Readout):
        return None
    heard = (readout.scale * readout.weights) @ features.double()  # (n, findings, d)
    chances = readout.logits(features).sigmoid()  # (n, findings)
    found = torch.full((labels.shape[1], *2 * heard.shape[-1:]), torch.nan, dtype=torch.float64)
    for c in range(labels.shape[1]):
        known = torch.from_numpy(~np.isnan(labels[:, c]))
        if known.sum() < FEWEST:
            continue
        fused, p = heard[known, c], chances[known, c]  # (k, d), (k,)
        curvature = (fused * (p * (1 - p))[:, None]).T @ fused
        curvature += RIDGE * curvature.diagonal().mean() * torch.eye(len(curvature))
        slopes = fused * (p - torch.from_numpy(labels[known.numpy(), c]))[:, None]
        names, who = np.unique(patients[known.numpy()], return_inverse=True)
        by_patient = torch.zeros(len(names), fused.shape[1], dtype=torch.float64)
        by_patient.index_add_(0, torch.from_numpy(who), slopes)
        half = torch.linalg.solve(curvature, by_patient.T)  # (d, patients)
        found[c] = half @ half.T
    return found.float()
