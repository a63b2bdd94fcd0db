"""The store: cases, analyses, readings and an audit that outlive a session; off unless asked for.

A store is a folder on this machine: an SQLite database, and beside it the files as they were handed
in, each under its sha256. Nothing in it is encrypted by MMBM: that is the disk's task.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mmbm.errors import ConfigError
from mmbm.store.records import (
    LOCAL,
    AuditEntry,
    DueCase,
    Export,
    Given,
    ModelAnswer,
    Purged,
    Rerun,
    StoredAnalysis,
    StoredCase,
    Wanted,
    WorklistPage,
    WorklistRow,
    named,
    utc_now,
)
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = [
    "FOLDER",
    "LOCAL",
    "AuditEntry",
    "DueCase",
    "Export",
    "Given",
    "ModelAnswer",
    "Purged",
    "Rerun",
    "StoredAnalysis",
    "StoredCase",
    "Wanted",
    "WorklistPage",
    "WorklistRow",
    "named",
    "open_store",
    "store_folder",
]

FOLDER = "MMBM_STORE"  # the environment variable that switches a store on


def store_folder() -> Path | None:
    """The folder that ``MMBM_STORE`` names; None where no store was switched on."""
    named = os.environ.get(FOLDER, "").strip()
    return Path(named) if named else None


def open_store(folder: Path, *, now: Callable[[], datetime] = utc_now) -> Store:
    """Open the store in a folder, made or brought to the present form first where need be.

    Safe to use from several threads, and beside other processes that have the same store open.

    Raises
    ------
    ConfigError
        The extra ``store`` is not installed.
    StoreError
        A folder that holds something else, or a store of a newer program.
    StoreDamaged
    """
    try:
        from mmbm.store.store import Store
    except ModuleNotFoundError as exc:
        raise ConfigError(sentence("store.extra")) from exc
    return Store.open(folder, now)
