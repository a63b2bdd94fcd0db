"""The records of earlier models that come with this program."""

from __future__ import annotations

from mmbm.record import Record, parse_record
from mmbm.storage import assets_folder

__all__ = ["shelved", "take_from_shelf"]


def shelved() -> list[str]:
    """Their names, such as ``chest-base-1.4.0``, the first the one to begin with."""
    return sorted(path.stem for path in (assets_folder() / "records").glob("*.json"))


def take_from_shelf(name: str) -> Record:
    """One of them.

    Raises
    ------
    UnreadableFile
    """
    return parse_record((assets_folder() / "records" / f"{name}.json").read_bytes())
