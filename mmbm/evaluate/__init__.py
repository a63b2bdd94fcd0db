"""Evaluation: scores of held-out patients, their figures, and the record that keeps them."""

from mmbm.evaluate.scores import (
    Scores,
    calibrate,
    extract,
    operating_points,
    source_aurocs,
)
from mmbm.evaluate.sections import evaluate

__all__ = [
    "Scores",
    "calibrate",
    "evaluate",
    "extract",
    "operating_points",
    "source_aurocs",
]
