"""Where shipped models and samples lie."""

from __future__ import annotations

from pathlib import Path

__all__ = ["assets_folder"]


def assets_folder() -> Path:
    """Beside the package, or inside an installed one."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "assets"
    return beside if beside.is_dir() else package / "assets"
