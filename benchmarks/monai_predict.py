"""Cases a second of ``mmbm score`` against MONAI: its transforms, loader and inferer, same films.

    pip install monai
    python benchmarks/monai_predict.py --data FOLDER [--cases 400] [--rounds 5] [--batch 32]

MONAI is no dependency of the project: install it by hand. FOLDER holds films as PNG, JPEG or DICOM.
Either side has the same cores and the same files, in turn, this, that, this, that …, so that what
else the machine does falls on both; all workers are started, and all files read once, before the
clock. MONAI's way is that of its tutorials of 2D classification: ``LoadImaged``, ``Resized``,
``ScaleIntensityd``, its DataLoader with a worker a core, batches, ``SimpleInferer`` and a sigmoid
in the main process with torch's own number of threads. Its net is ``EfficientNetBN`` b0, which is
as large as this model's backbone (``tf_efficientnet_lite0``), or with ``--same`` that very backbone
as this model runs it. Weights do not matter for time.

What each computes: MONAI three probabilities a film. MMBM those, and the account of every finding
with its intervals, the conformal answer, how strange the film is (which takes finding its lungs),
standing and warnings, its files decoded in processes with limits, as a table on disk.

Prints one JSON line: the medians over the rounds, and the ratio of each round's; and the processor
time that a case takes of either, over all their processes, which a busy machine moves less.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmbm.device import cores
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from mmbm.scale.ahead import Ahead
from mmbm.scale.options import Options
from mmbm.scale.rows import index_of
from mmbm.scale.score import score_chunks
from mmbm.scale.shards import shards_of
from mmbm.scale.work import Task

KINDS = {".png", ".jpg", ".jpeg", ".dcm"}


class SameBackbone(nn.Module):
    """This model's own image encoder, as it serves, with a head."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.encoder = Predictor.load(model, "cpu").network.encoders["image"]
        self.head = nn.LazyLinear(3)

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        """(batch, 1, 224, 224) -> (batch, 3) logits."""
        return self.head(self.encoder(films).flatten(2).mean(2))  # type: ignore[no-any-return]


def monai_way(films: Sequence[Path], net: nn.Module, batch: int, workers: int) -> Callable[[], int]:
    """What scores all films once; its workers live on between the calls."""
    from monai.data import DataLoader, Dataset
    from monai.inferers import SimpleInferer
    from monai.transforms import Compose, LoadImaged, Resized, ScaleIntensityd

    steps = Compose(
        [
            LoadImaged("image", image_only=True, ensure_channel_first=True),
            Resized("image", (224, 224)),
            ScaleIntensityd("image"),
        ]
    )
    cases: Any = Dataset([{"image": str(film)} for film in films], steps)
    loader: Any = DataLoader(
        cases, batch_size=batch, num_workers=workers, persistent_workers=True, shuffle=False
    )
    inferer = SimpleInferer()

    def once() -> int:
        done = 0
        with torch.no_grad():
            for some in loader:
                done += len(torch.sigmoid(inferer(some["image"][:, :1], net)))
        return done

    return once


def processor_seconds() -> float:
    """What this process and all below it have used so far."""
    used: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks = int(stat[11]) + int(stat[12])
        used[int(folder.name)] = int(stat[1]), ticks / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    for _ in range(4):
        ours |= {pid for pid, (parent, _) in used.items() if parent in ours}
    return sum(used[pid][1] for pid in ours if pid in used)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", default="default")
    options.add_argument("--cases", type=int, default=400)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--batch", type=int, default=32, help="of MONAI's loader")
    options.add_argument("--workers", type=int, default=cores(), help="of each side")
    options.add_argument("--same", action="store_true", help="give MONAI this model's backbone")
    given = options.parse_args()
    from monai import __version__ as version
    from monai.networks.nets import EfficientNetBN

    found = sorted(p for p in given.data.rglob("*") if p.suffix.lower() in KINDS)[: given.cases]
    net = (
        SameBackbone(given.model)
        if given.same
        else EfficientNetBN(
            "efficientnet-b0", spatial_dims=2, in_channels=1, num_classes=3, pretrained=False
        )
    ).eval()
    theirs = monai_way(found, net, given.batch, given.workers)
    rates: dict[str, list[float]] = {"monai": [], "mmbm": []}
    spent: dict[str, list[float]] = {"monai": [], "mmbm": []}
    with tempfile.TemporaryDirectory() as name:
        manifest = Path(name) / "films.csv"
        with manifest.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["case_id", "image"])
            rows.writerows((f"c{i}", film.resolve()) for i, film in enumerate(found))
        asked = Options(given.model, "cpu", workers=given.workers, shard_rows=len(found))
        index = index_of(str(manifest), asked.shard_rows)
        shards = shards_of(index, checkpoint.read(given.model), asked, f"{name}/scores.parquet")
        with Ahead(Task(index, asked, whole=True), given.workers) as ahead:

            def ours() -> int:
                return sum(score_chunks(shards, index.chunks, ahead, None))

            for way in (theirs, ours):
                assert way() == len(found)
            for _ in range(given.rounds):
                for side, way in (("monai", theirs), ("mmbm", ours)):
                    begun, used = time.perf_counter(), processor_seconds()
                    way()
                    spent[side].append(1000 * (processor_seconds() - used) / len(found))
                    rates[side].append(len(found) / (time.perf_counter() - begun))
    ratios = [mine / other for mine, other in zip(rates["mmbm"], rates["monai"], strict=True)]
    print(
        json.dumps(
            {
                "what": "cases a second, mmbm score against MONAI, films alone",
                "cases": len(found),
                **{side: round(statistics.median(each), 1) for side, each in rates.items()},
                "ratio_median": round(statistics.median(ratios), 2),
                "ratios": [round(r, 2) for r in ratios],
                "processor_ms": {s: round(statistics.median(ms), 1) for s, ms in spent.items()},
                "net_of_monai": "this model's backbone" if given.same else "EfficientNetBN b0",
                "batch_of_monai": given.batch,
                "workers": given.workers,
                "cores": cores(),
                "load": round(os.getloadavg()[0], 2),
                "versions": {"monai": version, "torch": torch.__version__},
            }
        )
    )


if __name__ == "__main__":
    main()
