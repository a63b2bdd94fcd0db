"""Train a film branch on one GPU with its augmentation there: a run of 75,000 films in 20 s.

    python benchmarks/films_on_device.py films.csv --out runs/film [--seeds 3] [--leave-out nih]

Films of the manifest's train rows are read once, as ``greys = "stored"`` reads them, and stay on
the device as bytes. All seeds begin with the same weights, so that the mean of theirs is a net too;
its batch norms are read anew. ``--out`` is a model of films alone, not calibrated: go on with
``mmbm calibrate films.csv --model runs/film --out runs/ours``. On a CPU it runs as well, for a try.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from film_changes import augment, letters
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy_with_logits

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.encoder import load_imagenet
from mmbm.branches.image.prepare import prepare_film, shrink
from mmbm.config import Limits
from mmbm.data.located import Box, box_mask
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.io.picture import decode
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel, Positions

SIDE, MASK = 256, 64  # pixels a side of the films and of their boxes, held on the device
WEIGHTS = {"pneumonia": 1.0, "no_finding": 0.5, "viral": 0.15}  # of findings in the loss
PLACE, SMOOTH, DECAY = 0.3, 0.05, 0.995
RATES = {"backbone": 5e-4, "fresh": 1e-3}
STORED = ImageConfig(feature_level=4, size=224, greys="stored")


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """The train films on the device."""

    greys: Tensor  # (n, SIDE, SIDE) uint8
    boxes: Tensor  # (n, MASK, MASK) float32
    labels: Tensor  # (n, findings) float32, NaN: unknown
    chance: np.ndarray  # (n,) how often each is drawn
    mean: Tensor  # (32, 32) the mean film
    letters: Tensor  # lines to print on films


def read(path: Path) -> tuple[np.ndarray, tuple[float, ...], np.ndarray]:
    """One film: its greys, the part of its file that they show, and its thumbnail."""
    torch.set_num_threads(1)
    picture = decode(path.read_bytes(), path.name, Limits())
    config = STORED.model_copy(update={"size": SIDE})
    made = prepare_film(picture, config, torch.zeros(32, 32))
    greys = (made.planes[0] * 255).round().byte().numpy()
    return greys, tuple(made.box), shrink(made.square[0].numpy(), 32)[0].numpy()


def films_of(manifest: Manifest, device: torch.device) -> Films:
    """Read every film and its boxes; sources are drawn by the root of their size, labels evenly."""
    paths = [manifest.path(row, "image") for row in range(len(manifest.rows))]
    with ProcessPoolExecutor() as pool:
        done = list(pool.map(read, paths, chunksize=32))
    boxes = []
    for row, (_, (top, bottom, left, right), _) in enumerate(done):
        moved = (
            (
                (b.left - left) / (right - left),
                (b.top - top) / (bottom - top),
                (b.right - left) / (right - left),
                (b.bottom - top) / (bottom - top),
            )
            for b in manifest.boxes(row)
        )
        inside = [Box(*(min(max(edge, 0.0), 1.0) for edge in box)) for box in moved]
        boxes.append(box_mask(inside, MASK, MASK))
    labels = manifest.labels(tuple(WEIGHTS))
    sources = manifest.rows["source"].to_numpy()
    chance = np.zeros(len(paths))
    for source in set(sources):
        here = sources == source
        for label in (0, 1):
            cell = here & (labels[:, 0] == label)
            chance[cell] = math.sqrt(here.sum()) / max(cell.sum(), 1)
    return Films(
        torch.from_numpy(np.stack([greys for greys, _, _ in done])).to(device),
        torch.stack(boxes).to(device),
        torch.from_numpy(labels).to(device),
        chance / chance.sum(),
        torch.from_numpy(np.mean([small for _, _, small in done], 0)),
        letters(device),
    )


def fresh() -> MultimodalBigModel:
    """A model of films alone, its backbone from ImageNet, always with the same weights."""
    config = ModelConfig(name="film", modalities=("image",), findings=tuple(WEIGHTS), image=STORED)
    torch.manual_seed(0)
    network = MultimodalBigModel(config)
    load_imagenet(network.encoders["image"])
    return network


def said(network: MultimodalBigModel, films: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, (n, findings), and the cells whose mean they are but for the bias."""
    with torch.autocast(films.device.type, torch.bfloat16, enabled=films.is_cuda):
        cells = network.encoders["image"](films)
    flat, grid = cells.float().flatten(2), tuple(cells.shape[2:])
    even = flat.new_ones(1, flat.shape[2]) / flat.shape[2]
    vectors = network._normalised("image", Positions(flat, grid, even))
    evidence = torch.einsum("fd,ndp->nfp", network.head.weight, vectors)
    return evidence.mean(2) + network.head.bias, evidence.unflatten(2, grid)


def loss_of(network: MultimodalBigModel, films: Tensor, labels: Tensor, where: Tensor) -> Tensor:
    """Cross entropy of the findings, and how far pneumonia's evidence is from the boxes."""
    logits, cells = said(network, films)
    known = ~labels.isnan() * logits.new_tensor(list(WEIGHTS.values()))
    wanted = labels.nan_to_num() * (1 - 2 * SMOOTH) + SMOOTH
    losses = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    target = adaptive_avg_pool2d(where, tuple(cells.shape[2:])).flatten(1)
    boxed = (target.sum(1) > 0).float()
    target = target / target.sum(1, keepdim=True).clamp(min=1e-6)
    off = -(target * cells[:, 0].flatten(1).log_softmax(1)).sum(1)
    place = (off * boxed).sum() / boxed.sum().clamp(min=1)
    return (losses * known).sum() / known.sum() + PLACE * place


def batch_of(films: Films, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Augmented films, labels and boxes."""
    greys = films.greys[rows][:, None].float() / 255
    seen, where = augment(greys, films.boxes[rows][:, None], STORED.size, films.letters)
    return seen, films.labels[rows], where


def run(films: Films, seed: int, epochs: int, batch: int, count: int) -> MultimodalBigModel:
    """One run; returns the moving average of its weights."""
    device = films.greys.device
    network = fresh().to(device).train()
    network.encoders.to(memory_format=torch.channels_last)
    torch.manual_seed(seed + 1)
    backbone = list(network.encoders["image"].backbone.parameters())
    rest = [*network.encoders["image"].project.parameters(), *network.head.parameters()]
    groups = [
        {"params": backbone, "lr": RATES["backbone"]},
        {"params": rest, "lr": RATES["fresh"]},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
    steps = count // batch * epochs
    rise = max(1, int(0.08 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / rise, 0.5 + 0.5 * math.cos(math.pi * step / steps)),
    )
    live = [t for t in network.state_dict().values() if t.is_floating_point()]
    kept = [t.detach().clone() for t in live]
    draws = np.random.default_rng(seed).choice(len(films.chance), (steps, batch), p=films.chance)
    for step, rows in enumerate(torch.from_numpy(draws).to(device)):
        loss = loss_of(network, *batch_of(films, rows))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*backbone, *rest], 2.0)
        optimizer.step()
        schedule.step()
        torch._foreach_lerp_(kept, live, 1 - min(DECAY, (1 + step) / (10 + step)))
    with torch.no_grad():
        for mine, mean in zip(live, kept, strict=True):
            mine.copy_(mean)
    return network.eval()


@torch.no_grad()
def mean_of(runs: list[MultimodalBigModel], films: Films, batch: int) -> MultimodalBigModel:
    """The mean of the runs' weights, its batch norms read anew from augmented films."""
    network = runs[0]
    states = [other.state_dict() for other in runs]
    network.load_state_dict(
        {
            name: torch.stack([s[name] for s in states]).mean(0) if t.is_floating_point() else t
            for name, t in states[0].items()
        }
    )
    norms = [m for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all that follows
    network.train()
    draws = np.random.default_rng(5).choice(len(films.chance), (40, batch), p=films.chance)
    for rows in torch.from_numpy(draws).to(films.greys.device):
        said(network, batch_of(films, rows)[0])
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--films", type=int, default=5000, help="of an epoch")
    parser.add_argument("--batch", type=int, default=64)
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    manifest = read_manifest(given.manifest)
    rows = manifest.rows
    taught = rows["split"].eq("train") & ~rows["source"].isin(given.leave_out)
    began = time.perf_counter()
    films = films_of(manifest.take((taught & rows["image"].ne("")).to_numpy()), device)
    print(f"{len(films.greys)} films read in {time.perf_counter() - began:.0f} s", flush=True)
    runs = []
    for seed in range(given.seeds):
        began = time.perf_counter()
        runs.append(run(films, seed, given.epochs, given.batch, given.films))
        print(f"seed {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    network = mean_of(runs, films, given.batch).cpu() if len(runs) > 1 else runs[0].cpu()
    network.encoders["image"].mean_film.copy_(films.mean)
    facts = {"leave_out": given.leave_out} if given.leave_out else {}
    checkpoint.write(given.out, network, {}, facts)


if __name__ == "__main__":
    main()
