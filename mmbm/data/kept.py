"""Films that were prepared once, on disk for the next run: mapped, not read into memory.

So a corpus may be larger than memory: the system holds the pages that batches ask for, and lets go
of the others.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["Films", "Room", "open_kept"]

FILMS, FACTS = "films.npy", "facts.npz"


class Films(NamedTuple):
    """Prepared films, and what is known of each."""

    planes: Tensor  # (films, 1 or 2, size, size) float32 in [0, 1]
    thumbnails: Tensor  # (films, 32, 32) float32
    lung_areas: Tensor  # (films,) float32
    parts: Tensor  # (films, 4) float32


class Room:
    """Where films are put one by one: in memory, or for ``folder`` in a file beside it."""

    def __init__(self, folder: Path | None, shape: tuple[int, ...]) -> None:
        self.folder = folder
        if folder is None:
            self.planes = torch.zeros(shape)
            return
        for left in folder.parent.glob(f"{folder.name}.*.tmp"):
            shutil.rmtree(left)  # by a run that was stopped
        self.making = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.tmp")
        self.making.mkdir(parents=True)
        self.mapped = np.lib.format.open_memmap(self.making / FILMS, "w+", np.float32, shape)
        self.planes = torch.from_numpy(self.mapped)

    def filled(self, thumbnails: Tensor, lung_areas: Tensor, parts: Tensor) -> Films:
        """The films, all of which are in; the folder is put there as a whole."""
        if self.folder is None:
            return Films(self.planes, thumbnails, lung_areas, parts)
        self.mapped.flush()
        np.savez(
            self.making / FACTS,
            thumbnails=thumbnails.numpy(),
            lung_areas=lung_areas.numpy(),
            parts=parts.numpy(),
        )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.making.replace(self.folder)
        return open_kept(self.folder)


def open_kept(folder: Path) -> Films:
    """The films of a folder."""
    planes = np.load(folder / FILMS, mmap_mode="c")  # what is written to them stays in memory
    with np.load(folder / FACTS) as facts:
        others = [torch.from_numpy(facts[n]) for n in ("thumbnails", "lung_areas", "parts")]
    return Films(torch.from_numpy(planes), *others)
