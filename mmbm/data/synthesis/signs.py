"""How often each sign is found with and without the finding, from the published rates."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

__all__ = ["Group", "Sign", "log_likelihood_ratio", "read_evidence", "sensitivity_specificity"]

Group = Literal["adult", "child"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One row of ``evidence.csv``; rates are probabilities in [0, 1]."""

    name: str
    group: Group
    lr_plus: float
    lr_minus: float
    sensitivity: float
    specificity: float
    basis: str  # "published", "published LR+, assumed LR-", "assumed", …
    citation: str

    def rate(self, finding: bool) -> float:
        """Chance that the sign is present, with or without the finding."""
        return self.sensitivity if finding else 1.0 - self.specificity


def sensitivity_specificity(lr_plus: float, lr_minus: float) -> tuple[float, float]:
    """Solve LR+ = sens / (1 - spec) and LR- = (1 - sens) / spec for both.

    Raises ValueError unless exactly one of the two ratios is above 1.
    """
    if not (lr_plus > 1.0 > lr_minus >= 0.0 or lr_minus > 1.0 > lr_plus >= 0.0):
        raise ValueError(f"LR+ {lr_plus} and LR- {lr_minus} do not stand on both sides of 1.")
    specificity = (lr_plus - 1.0) / (lr_plus - lr_minus)
    return lr_plus * (1.0 - specificity), specificity


def log_likelihood_ratio(signs: Mapping[str, bool | None], group: Group) -> float:
    """How strongly the signs that are told speak for the finding, exactly as they are drawn."""
    evidence = read_evidence()[group]
    total = 0.0
    for name, present in signs.items():
        with_it, without = (evidence[name].rate(finding) for finding in (True, False))
        if name == "sputum" and signs.get("cough") is not None:
            if not signs["cough"]:
                continue  # no phlegm, as was to be expected
            with_it /= evidence["cough"].rate(True)
            without /= evidence["cough"].rate(False)
        if present is not None:
            ratio = with_it / without if present else (1 - with_it) / (1 - without)
            total += math.log(ratio)
    return total


@cache
def read_evidence() -> dict[Group, dict[str, Sign]]:
    """Read ``evidence.csv``: group -> sign name -> Sign, in the order of the file."""
    found: dict[Group, dict[str, Sign]] = {"adult": {}, "child": {}}
    content = (
        resources.files("mmbm.data.synthesis").joinpath("evidence.csv").read_text(encoding="utf-8")
    )
    for row in csv.DictReader(content.splitlines()):
        group: Group = "child" if row["group"] == "child" else "adult"
        lr_plus, lr_minus = float(row["lr_plus"]), float(row["lr_minus"])
        sensitivity, specificity = sensitivity_specificity(lr_plus, lr_minus)
        found[group][row["sign"]] = Sign(
            name=row["sign"],
            group=group,
            lr_plus=lr_plus,
            lr_minus=lr_minus,
            sensitivity=sensitivity,
            specificity=specificity,
            basis=row["basis"],
            citation=row["citation"],
        )
    return found
