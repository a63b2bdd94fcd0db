"""Training of the lung finder on films with drawn lung fields."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, binary_cross_entropy_with_logits, grid_sample

from mmbm.branches.image.lungs import SIDE, LungFinder, LungNet
from mmbm.branches.image.prepare import find_lungs, shrink
from mmbm.data.augmentation.spoil import between, chance, spoil
from mmbm.device import cores
from mmbm.errors import InputError, ManifestError
from mmbm.io import read_picture
from mmbm.text import sentence

__all__ = ["dice", "train_lungs"]

LARGE = 160  # pixels a side of what the augmentation cuts from
BATCH = 16
RATE = 3e-3


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Films with their lung fields."""

    films: Tensor  # (n, 1, LARGE, LARGE) float32 in [0, 1]
    fields: Tensor  # the same, 1 = lung
    held_out: NDArray[np.bool_]  # (n,) patients the net never sees
    patients: NDArray[np.str_]  # (n,)


def train_lungs(
    table: Path,
    out: Path,
    *,
    steps: int = 700,
    seed: int = 0,
    progress: Callable[[int, int, float], None] = lambda _step, _steps, _loss: None,
) -> dict[str, float | int]:
    """Train on four fifths of the patients, write the finder to ``out``, return its figures.

    ``table`` is a CSV with the columns patient_id, image_path and lung_mask (paths relative to it;
    rows without a mask are left out). The Dice coefficients are of the other fifth.

    Raises
    ------
    ManifestError
        No such table, a column or file missing, or fewer than five patients.
    """
    drawn = read_drawn(table)
    torch.set_num_threads(max(cores(), 1))
    torch.manual_seed(seed)
    net = LungNet()
    net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    seen = torch.from_numpy(np.flatnonzero(~drawn.held_out))
    for step in range(steps):
        rows = seen[torch.randint(len(seen), (BATCH,))]
        films, fields = augment(drawn.films[rows], drawn.fields[rows])
        logits = net(films)
        overlap = soft_dice(logits.sigmoid(), fields).mean()
        loss = binary_cross_entropy_with_logits(logits, fields) + 1 - overlap
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rates.step()
        progress(step + 1, steps, float(loss.detach()))
    finder = LungFinder(net)
    scores = np.array([dice(find_lungs(f, finder).mask, field) for f, field in _unseen(drawn)])
    figures: dict[str, float | int] = {
        "films": len(drawn.films),
        "patients": len(np.unique(drawn.patients)),
        "test_films": int(drawn.held_out.sum()),
        "test_patients": len(np.unique(drawn.patients[drawn.held_out])),
        "test_dice_mean": round(float(scores.mean()), 4),
        "test_dice_median": round(float(np.median(scores)), 4),
        "test_dice_least": round(float(scores.min()), 4),
    }
    finder.save(out, {"steps": steps, "seed": seed, "figures": figures})
    return figures


def _unseen(drawn: Drawn) -> Iterator[tuple[Tensor, NDArray[np.bool_]]]:
    """Each film of the patients held out, and its drawn fields at the net's size."""
    for row in np.flatnonzero(drawn.held_out).tolist():
        field = shrink(drawn.fields[row, 0].numpy(), SIDE)[0] > 0.5
        yield drawn.films[row], field.numpy()


def dice(found: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks, 0 to 1; 1 where both are empty."""
    both = int(found.sum() + drawn.sum())
    return 2 * int((found & drawn).sum()) / both if both else 1.0


def soft_dice(probabilities: Tensor, fields: Tensor) -> Tensor:
    """(batch, 1, h, w) twice -> (batch,)."""
    both = (probabilities * fields).sum((1, 2, 3))
    return (2 * both + 1) / (probabilities.sum((1, 2, 3)) + fields.sum((1, 2, 3)) + 1)


def read_drawn(table: Path) -> Drawn:
    """Read the films and their masks."""
    try:
        listed = pd.read_csv(table, dtype=str)
        listed = listed[listed["lung_mask"].notna()]
        patients = listed["patient_id"].to_numpy(str)
        pictures = [
            [shrink(read_picture((table.parent / p).read_bytes(), Path(p).name).shown, LARGE)
             for p in listed[column]]
            for column in ("image_path", "lung_mask")
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, InputError) as exc:
        raise ManifestError(sentence("train.lungs_table", file=table.name)) from exc
    if len(np.unique(patients)) < 5:
        raise ManifestError(sentence("train.lungs_few", file=table.name))
    names = sorted(np.unique(patients), key=lambda p: hashlib.sha256(p.encode()).hexdigest())
    held_out = np.isin(patients, names[: math.ceil(len(names) / 5)])
    return Drawn(torch.stack(pictures[0]), torch.stack(pictures[1]), held_out, patients)


def augment(films: Tensor, fields: Tensor) -> tuple[Tensor, Tensor]:
    """Move, turn, scale and mirror both alike; spoil the film. Both come out SIDE pixels a side."""
    n = len(films)

    def about(spread: float) -> Tensor:
        return spread * (2 * torch.rand(n) - 1)

    turn, scale, aspect, shear = about(0.35), about(0.35).exp(), about(0.2).exp(), about(0.15)
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0] = turn.cos() * scale * aspect * mirror
    matrix[:, 0, 1] = -turn.sin() * scale + shear
    matrix[:, 1, 0] = turn.sin() * scale * mirror
    matrix[:, 1, 1] = turn.cos() * scale / aspect
    matrix[:, 0, 2], matrix[:, 1, 2] = about(0.2), about(0.2)
    grid = affine_grid(matrix, [n, 1, SIDE, SIDE], align_corners=False)
    edge = "zeros" if chance(0.6) else "border"
    films = grid_sample(films, grid, padding_mode=edge, align_corners=False)
    fields = grid_sample(fields, grid, align_corners=False)
    return torch.stack([spoil(whiten(film)) for film in films]), fields


def whiten(film: Tensor) -> Tensor:
    """At times put an opacity somewhere: consolidated lung is lung."""
    if not chance(0.3):
        return film
    row, column = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    far = (row - between(0, SIDE)) ** 2 + (column - between(0, SIDE)) ** 2
    blob = torch.exp(-far / (2 * (SIDE * between(0.05, 0.25)) ** 2))
    return film + (1 - film) * blob * between(0.3, 1.0)
