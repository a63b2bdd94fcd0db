"""A reference of one's own for the team table: labels by case, from a CSV file on this machine."""

from __future__ import annotations

import csv
from pathlib import Path

from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["read_labels"]

CELLS = {"1": True, "0": False, "": None}
LARGEST = 50_000_000  # bytes


def read_labels(path: Path) -> dict[str, dict[str, bool]]:
    """By finding and case: whether the finding is there; a blank cell says nothing.

    The column ``case_id`` holds the store's numbers, every other column is a finding with 1, 0 or
    nothing in each cell. Raises ConfigError.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            findings = [name for name in table.fieldnames or () if name != "case_id"]
            found: dict[str, dict[str, bool]] = {finding: {} for finding in findings}
            for row in table:
                for finding in findings:
                    label = CELLS[row[finding].strip()]
                    if label is not None:
                        found[finding][row["case_id"].strip()] = label
    except (OSError, ValueError, KeyError, AttributeError, csv.Error) as exc:
        raise ConfigError(sentence("readers.labels", file=path.name)) from exc
    return found
