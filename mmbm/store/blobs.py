"""Files under their sha256, each written whole before anything says that it is there."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mmbm.errors import StoreDamaged, StoreError
from mmbm.text import sentence

__all__ = ["Blobs", "sha256_of"]

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
ABANDONED = 3600.0  # s after which a file that no row names was left by a process that died


def sha256_of(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Blobs:
    """Contents in ``folder``, each in a file that is named after its sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a content lies."""
        return self.folder / sha256[:2] / sha256[2:]

    def put(self, content: bytes) -> str:
        """Keep a content; returns its sha256 once it is on the disk.

        Raises
        ------
        StoreError
            The disk takes no more.
        """
        sha256 = sha256_of(content)
        path = self.path(sha256)
        if path.exists():
            return sha256
        made = path.parent / f".{secrets.token_hex(8)}"
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                _to_disk(self.folder)
            try:
                handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
            _to_disk(path.parent)
        except OSError as exc:
            raise StoreError(sentence("store.not_written")) from exc
        return sha256

    def get(self, sha256: str) -> bytes:
        """A content. Raises StoreDamaged where it is gone or is another one."""
        try:
            content = self.path(sha256).read_bytes()
        except OSError as exc:
            raise StoreDamaged(sentence("store.file_gone")) from exc
        if sha256_of(content) != sha256:
            raise StoreDamaged(sentence("store.file_changed"))
        return content

    def remove(self, sha256: str) -> None:
        """Take a content away."""
        path = self.path(sha256)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _to_disk(path.parent)

    def sweep(self, named: Callable[[str], bool], older: float = ABANDONED) -> int:
        """Take away what no row names and is ``older`` seconds; returns how many files."""
        gone, latest = 0, time.time() - older
        for path in self._files():
            sha256 = path.parent.name + path.name
            if (path.name.startswith(".") or not named(sha256)) and path.stat().st_mtime <= latest:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _files(self) -> Iterator[Path]:
        for folder in self.folder.iterdir():
            if folder.is_dir():
                yield from folder.iterdir()


def _to_disk(folder: Path) -> None:
    """Let the names in a folder outlive a loss of power; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
