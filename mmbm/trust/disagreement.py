"""Disagreement: two modalities that pull a finding strongly in opposite directions.

Strongly is as strongly as half of the held-out cases of that label: one part speaks for the
finding like the median case that has it, another against it like the median case that has not.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Disagreement", "disagreements"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Which parts speak for a finding, and which against it."""

    finding: str
    raising: tuple[str, ...]
    lowering: tuple[str, ...]


def disagreements(
    findings: tuple[str, ...], modalities: tuple[str, ...], contributions: Tensor, pushes: Tensor
) -> tuple[Disagreement, ...]:
    """One for each finding over which modalities disagree; contributions (findings, modalities)."""
    found = []
    for c, finding in enumerate(findings):
        low, high = pushes[c, :, 0], pushes[c, :, 1]
        raising, lowering = (
            tuple(m for m, strong in zip(modalities, side.tolist(), strict=True) if strong)
            for side in (
                (contributions[c] >= high) & (contributions[c] > 0),
                (contributions[c] <= low) & (contributions[c] < 0),
            )
        )
        if raising and lowering:
            found.append(Disagreement(finding, raising, lowering))
    return tuple(found)
