"""Files: a model folder with checksums, its tensors, the shipped ones, and files written whole."""

from __future__ import annotations

from pathlib import Path

__all__ = ["assets_folder"]


def assets_folder() -> Path:
    """Where shipped models and samples lie: beside the package, or inside an installed one."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "assets"
    return beside if beside.is_dir() else package / "assets"
