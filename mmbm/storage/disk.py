"""Files that are on the disk when it is said that they are."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["UNFINISHED", "make_folder", "put_in_place", "sync_names", "write_whole"]

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
UNFINISHED = "."  # how the name of a file begins that is not whole yet


def make_folder(folder: Path) -> None:
    """A folder that its owner alone can look into; one that is there stays as it is."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a loss of power.

    Raises: OSError.
    """
    made = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        put_in_place(made, path)
    finally:
        made.unlink(missing_ok=True)


def put_in_place(made: Path, path: Path) -> None:
    """Move a finished file of the same folder to ``path``, whole also after a loss of power.

    Raises: OSError.
    """
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)
    sync_names(path.parent)


def sync_names(folder: Path) -> None:
    """Let the names in a folder outlive a loss of power."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
