"""Files by path or URL: on a disk, or wherever fsspec has a file system for."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["Place"]

PACKAGES = {  # that fsspec needs, by the URL's kind
    "http": "aiohttp", "https": "aiohttp", "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs",
    "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs", "sftp": "paramiko",
    "ssh": "paramiko", "smb": "smbprotocol",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A file or folder."""

    fs: fsspec.AbstractFileSystem
    path: str

    @classmethod
    def of(cls, url: str) -> Place:
        """By a path or a URL such as ``s3://bucket/folder/file``.

        Raises
        ------
        ConfigError
            No file system of this kind is installed.
        """
        try:
            fs, path = url_to_fs(url)
        except (ImportError, ValueError) as exc:
            kind = url.partition("://")[0][:20]
            if kind in PACKAGES:
                needed = sentence("scale.file_system_package", kind=kind, package=PACKAGES[kind])
                raise ConfigError(needed) from exc
            raise ConfigError(sentence("scale.file_system", kind=kind)) from exc
        return cls(fs, str(path))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.path.replace("\\", "/").rstrip("/"))

    @property
    def folder(self) -> str:
        """The name of the folder that it is in."""
        return posixpath.basename(posixpath.dirname(self.path.replace("\\", "/"))) or "/"

    def __truediv__(self, name: str) -> Place:
        return Place(self.fs, f"{self.path.rstrip('/')}/{name}")

    def plus(self, ending: str) -> Place:
        """The file or folder beside it whose name is longer by this."""
        return Place(self.fs, self.path.rstrip("/") + ending)

    def beside(self, name: str) -> Place:
        """What a file names: by its own folder, or from the root."""
        if posixpath.isabs(name):
            return Place(self.fs, name)
        return Place(self.fs, posixpath.join(posixpath.dirname(self.path), name))

    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self.fs.exists(self.path))

    def names(self) -> set[str]:
        """The files of this folder; none where there is no such folder."""
        try:
            found = self.fs.ls(self.path, detail=False, refresh=True)
        except FileNotFoundError:
            return set()
        return {posixpath.basename(str(path).replace("\\", "/")) for path in found}

    def open(self, mode: str = "rb") -> Any:
        """The open file. Raises OSError."""
        return self.fs.open(self.path, mode)

    def read(self, most: int = -1) -> bytes:
        """Its content, up to so many bytes. Raises OSError."""
        with self.open() as file:
            return bytes(file.read(most))

    def write(self, content: bytes) -> None:
        """Put a whole file there or none; a reader never sees half of it. Raises OSError."""
        with self.whole() as file:
            file.write(content)

    @contextmanager
    def whole(self) -> Iterator[Any]:
        """A file to write that is there when all is written, else not at all. Raises OSError."""
        temporary = self.plus(f".{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("wb") as file:
                yield file
            temporary.move(self)
        except BaseException:
            with suppress(OSError):
                temporary.remove()
            raise

    def move(self, to: Place) -> None:
        """Let this file take the place of another."""
        self.fs.mv(self.path, to.path)

    def make_folder(self) -> None:
        """Make this folder, if it is not there."""
        self.fs.makedirs(self.path, exist_ok=True)

    def remove(self) -> None:
        """Remove this file, or folder with all in it."""
        self.fs.rm(self.path, recursive=True)
