"""The share of training time that the net waits for its next batch.

    python benchmarks/loader.py [--workers 1] [--batch 32] [--epochs 3] [--cases 256] [--threads N]

Trains the default net on made-up films, notes and sounds in memory, as ``mmbm train`` does, and
prints one JSON line with the machine and its load. The first epoch, which waits for the first batch
of all, is given apart.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import mmbm
from mmbm.branches.notes.prepare import Tokens
from mmbm.data.corpus import Corpus
from mmbm.data.manifest import Manifest
from mmbm.device import cores, probe_device
from mmbm.train import processes, train
from mmbm.train.config import TrainConfig


def made_up(cases: int, config: TrainConfig) -> Corpus:
    """Noise of the size of real cases: films of 224 pixels, 60 tokens, 15 seconds."""
    draw = torch.Generator().manual_seed(0)
    size, model = config.model.image.size, config.model
    labels = torch.arange(cases) % 2
    ids = torch.randint(2, model.notes.vocabulary, (cases, 60), generator=draw).tolist()
    rows = pd.DataFrame({"source": ["north", "south"] * (cases // 2), "boxes": "", "events": ""})
    return Corpus(
        manifest=Manifest(rows, model.findings, model.audio.events, Path(), ""),
        films=torch.rand(cases, 1, size, size, generator=draw),
        thumbnails=torch.rand(cases, 32, 32, generator=draw),
        lung_areas=torch.full((cases,), torch.nan),
        parts=torch.tensor([0.0, 1.0, 0.0, 1.0]).expand(cases, 4),
        film_of=np.arange(cases),
        tokens=[Tokens(row, [(0, 1)] * 60, list(range(60))) for row in ids],
        sounds=[torch.randn(15 * 16_000, generator=draw) * 0.1 for _ in range(16)],
        sound_starts=[0.0] * 16,
        sound_of=np.arange(cases) % 16,
        labels=torch.stack([labels, 1 - labels], 1).float(),
        sound_labels=torch.full((cases, len(model.audio.events)), torch.nan),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--epochs", type=int, default=3)
    options.add_argument("--cases", type=int, default=256)
    options.add_argument("--threads", type=int, default=0, help="torch's; 0: the default")
    options.add_argument("--device", default="auto")
    given = options.parse_args()
    config = TrainConfig(
        workers=given.workers,
        threads=given.threads,
        batch=given.batch,
        epochs=given.epochs,
        image_weights="none",
        frozen_stages=0,
    )
    with tempfile.TemporaryDirectory() as out, processes(probe_device(given.device)) as team:
        train(made_up(given.cases, config), config, Path(out), team=team)
        with (Path(out) / "training.csv").open(encoding="utf-8") as file:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    steady = rows[1:] or rows
    seconds = sum(row["seconds"] for row in steady)
    print(
        json.dumps(
            {
                "what": "share of training time spent waiting for the next batch",
                "wait": round(sum(r["wait"] * r["seconds"] for r in steady) / seconds, 4),
                "wait_first_epoch": round(rows[0]["wait"], 4),
                "cases_per_second": round(len(steady) * given.cases / seconds, 1),
                "workers": given.workers,
                "threads": torch.get_num_threads(),
                "device": str(team.device),
                "cores": cores(),
                "load": round(os.getloadavg()[0], 2),
                "versions": {"mmbm": mmbm.__version__, "torch": torch.__version__},
            }
        )
    )


if __name__ == "__main__":
    main()
