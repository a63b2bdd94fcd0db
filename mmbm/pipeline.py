"""The version of everything that turns a case into numbers."""

from __future__ import annotations

__all__ = ["PIPELINE_VERSION"]

# Raise it when the same case and the same weights give other numbers than before: reading,
# preparation, network, calibration, trust. A record made with another version is not shown.
PIPELINE_VERSION = 2
