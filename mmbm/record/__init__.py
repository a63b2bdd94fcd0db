"""The evaluation record: a model's measured figures, and what each finding may be called by it."""

from __future__ import annotations

__all__ = ["PIPELINE_VERSION"]

# Raise it when the same case and the same weights give other numbers than before: reading,
# preparation, network, calibration, trust. A record made with another version is not shown.
PIPELINE_VERSION = 2
