"""What each finding may be called, by the record in the model's folder."""

from __future__ import annotations

from pathlib import Path

from mmbm.errors import ModelError
from mmbm.model.folder import checksum, take_all
from mmbm.record.record import FILE, Level, faults, record_in

__all__ = ["standing"]


def standing(folder: Path) -> dict[str, Level]:
    """The level of each finding; empty without a record that fits the model's files."""
    try:
        held = take_all(folder)
        record = record_in(folder, held[FILE]) if FILE in held else None
    except ModelError:
        return {}
    if record is None or faults(
        record, {name: checksum(content) for name, content in held.items()}
    ):
        return {}
    return {finding: status.level for finding, status in record.status.items()}
