"""The memory that training takes on a corpus that may be larger: films mapped from disk.

    python benchmarks/training_memory.py [--films 50000] [--seconds 300] [--folder DIR]

Puts prepared films of 224 pixels, 512 made-up ones again and again, into a folder as ``mmbm train``
keeps them, each with bytes of its own on the disk (200 KB a film, 10 GB for 50,000); opens it as
the next run does, which checks every sha256; and trains the default image branch on it for so
long, batches drawn from all of it. Prints one JSON line: the size on disk, films a second of each,
and the most memory of all processes together, in megabytes: ``own`` is what they hold themselves,
``mapped`` are pages of files, which the system lets go of when something else asks for memory. The
folder is removed.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from loader import made_up

from mmbm.data.corpus import THUMBNAIL, Corpus
from mmbm.data.kept import Films, Room
from mmbm.device import cores, probe_device
from mmbm.train import processes, train
from mmbm.train.config import TrainConfig
from mmbm.train.loop import Step

SOME = 512  # films that differ
MODEL = {"modalities": ("image",), "name": "films"}


class Enough(Exception):
    """The time is up."""


def fill(folder: Path, films: int, size: int) -> None:
    """Keep so many films, block by block, as reading them does."""
    draw = torch.Generator().manual_seed(0)
    some = torch.rand(SOME, 1, size, size, generator=draw)
    small, whole = torch.rand(THUMBNAIL, THUMBNAIL), torch.tensor([0.0, 1.0, 0.0, 1.0])
    room = Room(folder, (films, 1, size, size), THUMBNAIL)
    for block in room.missing:
        for film in block:
            room.put(film, some[film % SOME], small, torch.tensor(torch.nan), whole)
        room.seal(block.start)


def corpus_of(kept: Films, config: TrainConfig) -> Corpus:
    """A case for each film."""
    count = len(kept.planes)
    labels = torch.arange(count) % 2
    made = made_up(2, TrainConfig())
    sources = ["north", "south"] * (count // 2)
    rows = pd.DataFrame({"source": sources, "boxes": "", "events": ""})
    return replace(
        made,
        manifest=replace(made.manifest, rows=rows),
        films=kept.planes,
        thumbnails=kept.thumbnails,
        lung_areas=kept.lung_areas,
        parts=kept.parts,
        film_of=np.arange(count),
        tokens=[None] * count,
        sounds=[],
        sound_of=np.full(count, -1),
        labels=torch.stack([labels, 1 - labels], 1).float(),
        sound_labels=torch.full((count, made.sound_labels.shape[1]), torch.nan),
        modalities=config.model.modalities,
    )


class Watch(threading.Thread):
    """The most megabytes that this process and its children hold; shared pages count in parts."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over, self.own, self.mapped = threading.Event(), 0.0, 0.0

    def run(self) -> None:
        while not self.over.wait(2.0):
            held = [_held(pid) for pid in (os.getpid(), *_children(os.getpid()))]
            self.own = max(self.own, sum(own for own, _ in held))
            self.mapped = max(self.mapped, sum(mapped for _, mapped in held))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _held(pid: int) -> tuple[float, float]:
    """Megabytes of its own, and of mapped files."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return sizes["Pss_Anon"] + sizes["Pss_Shmem"], sizes["Pss_File"]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--films", type=int, default=50_000)
    options.add_argument("--seconds", type=float, default=300.0)
    options.add_argument(
        "--folder", type=Path, help="where there is room; default: a temporary one"
    )
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    settings = {"model": MODEL, "workers": given.workers, "image_weights": "none"}
    config = TrainConfig.model_validate(settings | {"frozen_stages": 0, "epochs": 1000})
    size = config.model.image.size
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name) / "films"
        watch, clock = Watch(), [time.perf_counter()]
        watch.start()
        fill(folder, given.films, size)
        clock.append(time.perf_counter())
        room = Room(folder, (given.films, 1, size, size), THUMBNAIL)
        assert not list(room.missing)
        kept = room.filled()
        clock.append(time.perf_counter())
        del room
        seen = 0

        def step(_step: Step) -> None:
            nonlocal seen
            seen += config.batch
            if time.perf_counter() - clock[2] > given.seconds:
                raise Enough

        try:
            with processes(probe_device("cpu")) as team:
                train(corpus_of(kept, config), config, Path(name) / "run", team=team, progress=step)
        except Enough:
            clock.append(time.perf_counter())
        watch.over.set()
        watch.join()
        report = {
            "what": "megabytes that training takes on films mapped from disk",
            "films": given.films,
            "gigabytes_on_disk": round(sum(p.stat().st_size for p in folder.iterdir()) / 1e9, 2),
            "own": round(watch.own),
            "mapped": round(watch.mapped),
            "kept_a_second": round(given.films / (clock[1] - clock[0])),
            "checked_a_second": round(given.films / (clock[2] - clock[1])),
            "trained": seen,
            "trained_a_second": round(seen / (clock[3] - clock[2]), 1),
            "cores": cores(),
            "load": round(os.getloadavg()[0], 2),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
