"""What the findings are called in English, and what no answer covers."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["not_assessed", "title"]

TITLES = {
    "no_finding": "No opacity seen",
    "edema": "Pulmonary edema",
    "viral": "If pneumonia: viral",
}
OTHERS = {  # what a reader of a chest film looks for, by the name that a finding of it would have
    "pneumothorax": "pneumothorax",
    "effusion": "pleural effusion",
    "edema": "pulmonary edema",
    "nodule": "nodules and masses",
    "cardiomegaly": "heart and mediastinum",
    "fracture": "fractures",
    "device": "tubes, lines and devices",
}


def title(finding: str) -> str:
    """A finding's name as a reader says it; its column's name where none is written here."""
    plain = finding.replace("_", " ")
    return TITLES.get(finding, plain[:1].upper() + plain[1:])


def not_assessed(findings: Collection[str]) -> dict[str, str]:
    """What a model with these findings does not look for, in words by name; it is not all."""
    return {name: words for name, words in OTHERS.items() if name not in findings}
