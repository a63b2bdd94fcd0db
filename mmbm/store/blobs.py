"""Files under their sha256, each written whole before anything says that it is there."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from mmbm.errors import StoreDamaged, StoreError
from mmbm.storage.disk import UNFINISHED, make_folder, sync_names, write_whole
from mmbm.text import sentence

__all__ = ["Blobs", "sha256_of"]

ABANDONED = 3600.0  # s after which a file that no row names was left by a process that died


def sha256_of(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Blobs:
    """Contents in ``folder``, each in a file that is named after its sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(self.folder)

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
        try:
            os.utime(path)  # so that a sweep leaves it until a row names it
            return sha256
        except FileNotFoundError:
            pass
        except OSError as exc:
            raise StoreError(sentence("store.not_written")) from exc
        try:
            if not path.parent.is_dir():
                make_folder(path.parent)
                sync_names(self.folder)
            write_whole(path, content)
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
            sync_names(path.parent)

    def sweep(self, named: Callable[[str], bool], older: float = ABANDONED) -> int:
        """Take away what no row names and is ``older`` seconds; returns how many files."""
        gone, latest = 0, time.time() - older
        for path in self._files():
            sha256 = path.parent.name + path.name
            if path.name.startswith(UNFINISHED) or not named(sha256):
                with suppress(FileNotFoundError):  # another process finished it meanwhile
                    if path.stat().st_mtime <= latest:
                        path.unlink()
                        gone += 1
        return gone

    def _files(self) -> Iterator[Path]:
        for folder in self.folder.iterdir():
            if folder.is_dir():
                yield from folder.iterdir()
