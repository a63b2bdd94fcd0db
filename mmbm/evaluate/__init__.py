"""Evaluation: scores of held-out patients, their figures, and the record that keeps them."""

from mmbm.evaluate.scores import (
    OPERATING_POINT,
    Scores,
    calibrate,
    extract,
    operating_points,
    source_aurocs,
)
from mmbm.evaluate.sections import evaluate

__all__ = [
    "OPERATING_POINT",
    "Scores",
    "calibrate",
    "evaluate",
    "extract",
    "operating_points",
    "source_aurocs",
]
