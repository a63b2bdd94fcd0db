"""What a part of a case can be taken apart into, with the shares of a map."""

from __future__ import annotations

from typing import Any

from mmbm.branches.parts import Piece
from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.explain.attribution.attribute import attribute
from mmbm.predict import Prediction, Predictor

__all__ = ["in_pieces", "pieces"]


def pieces(
    predictor: Predictor, prediction: Prediction, case: Case, modality: str, finding: str
) -> list[Piece]:
    """What one part can be taken apart into, each with its share in the default closer map.

    The last layer's map is at hand, but in the order of this one more is found that flips a
    finding, and smaller (``benchmarks/flip_order.py``): twice as often in notes.
    """
    space = branch_of(modality).spaces_of(predictor.config.of(modality))[0]
    found = attribute(predictor, prediction, space.over, finding, method=space.methods[0])
    return in_pieces(found.values, prediction, case, modality)


def in_pieces(values: Any, prediction: Prediction, case: Case, modality: str) -> list[Piece]:
    """The shares of any map of one part, added up over its pieces."""
    prepared = prediction.features.prepared[modality]
    return branch_of(modality).pieces(values, prepared, case.parts[modality])
