"""What the lung fields of a film say of the picture and of the evidence in it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from mmbm.model.lungs import LEAST, Lungs
from mmbm.predict import Prediction

__all__ = ["LEAST", "Lungs", "in_case", "share_inside"]


def in_case(prediction: Prediction) -> Lungs | None:
    """The lung fields of a case's film, turned round as the model read it; None without one."""
    return prediction.features.prepared.lungs


def share_inside(evidence: NDArray[np.float64], lungs: Lungs) -> float | None:
    """Part of the positive evidence that lies in the lung fields, 0 to 1.

    ``evidence`` is a map over the whole picture, (height, width) in logits. A cell that straddles
    the border counts by the part of it that is lung. None where nothing speaks for the finding.
    """
    part = interpolate(
        torch.from_numpy(lungs.mask)[None, None].double(), evidence.shape, mode="area"
    )[0, 0].numpy()
    positive = np.maximum(evidence, 0.0)
    total = float(positive.sum())
    return float((positive * part).sum() / total) if total > 0 else None
