"""Byte-identical files, found without reading most of them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

__all__ = ["content_keys"]

TAIL = 4096  # bytes


def content_keys(paths: Sequence[Path]) -> list[str]:
    """One key a file; two files have the same key exactly where they are byte-identical.

    Only files of one size are opened, and only those that also end alike are read whole.
    """
    keys = [str(path.stat().st_size) for path in paths]
    for look in (_tail, _whole):
        alike = Counter(keys)
        keys = [
            f"{key}-{look(path)}" if alike[key] > 1 else key
            for key, path in zip(keys, paths, strict=True)
        ]
    return keys


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - TAIL, 0))
        return hashlib.sha256(file.read()).hexdigest()


def _whole(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
