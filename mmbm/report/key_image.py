"""The key image: the case's picture, and the same with the map of one finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmbm.analysis import Analysis
from mmbm.branches.branch import Drawing
from mmbm.branches.registry import branch_of

__all__ = ["KeyImage", "key_image"]


@dataclass(frozen=True, eq=False)
class KeyImage:
    """Two pictures of one size, (height, width, 3) uint8."""

    finding: str  # whose map is drawn
    modality: str
    plain: Drawing
    mapped: Drawing | None  # None where the model did not read the picture


def key_image(analysis: Analysis, finding: str) -> KeyImage | None:
    """The first part that is a picture; None where there is none."""
    for modality, part in analysis.case.parts.items():
        branch = branch_of(modality)
        plain = branch.drawn(part, None, 0.0)
        if plain is None:
            continue
        if modality not in analysis.map(finding).parts:
            return KeyImage(finding, modality, plain, None)
        values = [of.values(modality) for of in analysis.maps]
        scale = max(float(np.abs(of).max()) for of in values)
        evidence = analysis.map(finding).parts[modality]
        return KeyImage(finding, modality, plain, branch.drawn(part, evidence, scale))
    return None
