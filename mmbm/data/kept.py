"""Films that were prepared once, on disk for the next run: mapped, not read into memory.

So a corpus may be larger than memory: the system holds the pages that batches ask for, and lets go
of the others. Films lie in blocks. A block whose sha256 is written down and right is whole; every
other one is prepared anew, so that a run that is stopped while it reads goes on from there, and a
damaged file mends itself.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["BLOCK", "Films", "Room"]

BLOCK = 256  # films that one sha256 is of
SUMS, MEAN = "sums.txt", "mean.npy"


class Films(NamedTuple):
    """Prepared films, and what is known of each."""

    planes: Tensor  # (films, 1 or 2, size, size) float32 in [0, 1]
    thumbnails: Tensor  # (films, side, side) float32
    lung_areas: Tensor  # (films,) float32
    parts: Tensor  # (films, 4) float32


class Room:
    """Where films are put, block by block: in memory, or mapped in a ``folder``."""

    def __init__(self, folder: Path | None, planes: tuple[int, ...], side: int) -> None:
        self.folder, self.count = folder, planes[0]
        n = planes[0]
        shapes = (planes, (n, side, side), (n,), (n, 4))
        self.whole: set[int] = set()  # numbers of blocks
        if folder is None:
            self.films = Films(*(torch.zeros(shape) for shape in shapes))
            return
        if not folder.is_dir():
            _make(folder, dict(zip(Films._fields, shapes, strict=True)))
        self.files = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in Films._fields
        }
        self.films = Films(*(torch.from_numpy(file) for file in self.files.values()))
        told = self._sums()
        self.whole = {block for block, digest in told.items() if self._digest(block) == digest}

    @property
    def missing(self) -> Iterator[range]:
        """The films of each block that is not whole, in turn."""
        for block in range(-(-self.count // BLOCK)):
            if block not in self.whole:
                yield self._films_of(block)

    def put(self, film: int, *values: Tensor) -> None:
        """Put one film in its place: its values in the order of :class:`Films`."""
        for held, value in zip(self.films, values, strict=True):
            held[film] = value

    def seal(self, film: int) -> None:
        """Say that the block of a film is whole now."""
        block = film // BLOCK
        self.whole.add(block)
        if self.folder is not None:
            for file in self.files.values():
                file.flush()
            with (self.folder / SUMS).open("a", encoding="ascii") as sums:
                sums.write(f"{block} {self._digest(block)}\n")

    def filled(self) -> Films:
        """The films, all of which are in; what is written to them from here stays in memory."""
        return self.films if self.folder is None else Films(*_mapped(self.folder, "c"))

    def mean(self) -> Tensor:
        """(side, side) the mean of the thumbnails when all films were first there."""
        if self.folder is None:
            return self.films.thumbnails.mean(0)
        path = self.folder / MEAN
        if not path.exists():
            partial = self.folder / f"{secrets.token_hex(4)}.partial.npy"
            np.save(partial, self.films.thumbnails.mean(0).numpy())
            partial.replace(path)
        return torch.from_numpy(np.load(path))

    def _films_of(self, block: int) -> range:
        return range(block * BLOCK, min((block + 1) * BLOCK, self.count))

    def _sums(self) -> dict[int, str]:
        """The sha256 of each block that was sealed, as it was last."""
        assert self.folder is not None
        path = self.folder / SUMS
        lines = (
            path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
        )
        told = (line.split() for line in lines)
        return {int(pair[0]): pair[1] for pair in told if len(pair) == 2 and pair[0].isdecimal()}

    def _digest(self, block: int) -> str:
        """The sha256 of a block's films in the files, read beside the map."""
        assert self.folder is not None
        total, films = hashlib.sha256(), self._films_of(block)
        for name, file in self.files.items():
            each = file.nbytes // max(self.count, 1)
            with (self.folder / f"{name}.npy").open("rb") as content:
                content.seek(file.offset + films.start * each)
                total.update(content.read(len(films) * each))
        return total.hexdigest()


def _make(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Put an empty folder of films there in one step."""
    for left in folder.parent.glob(f"{folder.name}.*.tmp"):
        shutil.rmtree(left)  # by a run that was stopped
    making = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.tmp")
    making.mkdir(parents=True)
    for name, shape in shapes.items():
        np.lib.format.open_memmap(making / f"{name}.npy", "w+", np.float32, shape)
    making.replace(folder)


def _mapped(folder: Path, mode: Literal["r+", "c"]) -> Iterator[Tensor]:
    for name in Films._fields:
        yield torch.from_numpy(np.load(folder / f"{name}.npy", mmap_mode=mode))
