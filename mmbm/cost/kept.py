"""Where a machine's figures are kept: in the user's cache, by the weights they are of."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from mmbm.cost.figures import CostReport
from mmbm.storage.disk import write_whole

__all__ = ["keep", "kept"]


def _folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(named) if named else Path.home() / ".cache") / "mmbm"


def _file(folder: Path, sha256: str) -> Path:
    return folder / f"cost-{sha256[:16]}.json"


def keep(report: CostReport) -> Path | None:
    """Write the figures of this machine; where, or None where that cannot be."""
    path = _file(_folder(), report.model_sha256)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, report.model_dump_json(indent=2).encode())
    except OSError:
        return None
    return path


def kept(sha256: str) -> CostReport | None:
    """The last figures of this machine; None where it was not measured."""
    try:
        content = _file(_folder(), sha256).read_bytes()
        report = CostReport.model_validate_json(content)
    except (OSError, ValidationError):
        return None
    return report if report.model_sha256 == sha256 else None
