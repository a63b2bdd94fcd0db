"""What the findings are called, and what no answer covers."""

from __future__ import annotations

from collections.abc import Collection

from mmbm.text import Sentence, name_of, sentence

__all__ = ["GIVEN", "not_assessed", "title"]

# A finding that is only asked where another one is there, by that other one.
GIVEN = {"viral": "pneumonia"}

OTHERS = (  # what a reader of a chest X-ray looks for, by the name that a finding of it would have
    "pneumothorax",
    "effusion",
    "edema",
    "nodule",
    "cardiomegaly",
    "fracture",
    "device",
)


def title(finding: str) -> Sentence:
    """A finding's name as a reader says it; its column's name where none is written."""
    return name_of("finding", finding)


def not_assessed(findings: Collection[str]) -> dict[str, Sentence]:
    """What a model with these findings does not look for, in words by name; it is not all."""
    return {name: sentence(f"other.{name}") for name in OTHERS if name not in findings}
