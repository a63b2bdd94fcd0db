"""What benchmarks share: assembled cases, their features, a head fitted on them, intervals.

Read by ``residual.py``, ``planted.py``, ``verdict.py`` and ``heads.py``; by itself it does nothing.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from case import processor
from safetensors.torch import load_file, save_file

import mmbm
from mmbm.case import MODALITIES, Case
from mmbm.data.manifest import Manifest
from mmbm.data.reading import read_texts
from mmbm.device import cores
from mmbm.evaluate.cases import cases_sha256
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.model.checkpoint import ModelIdentity
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.predict import Features, Prediction, Predictor
from mmbm.train.loss import coalition_loss

__all__ = [
    "about",
    "case_of",
    "cases",
    "features_of",
    "head_of",
    "interval",
    "keep",
    "light",
    "store",
    "whole",
]


STEPS, BATCH, RATE, RIDGE = 400, 256, 3e-3, 1e-2
SMOOTH = 0.05  # of the labels


def whole(manifest: Manifest, count: int, *splits: str) -> Manifest:
    """``count`` cases that have all three parts, evenly spaced; of all splits or of some.

    Raises ValueError where there are fewer.
    """
    rows = manifest.rows
    has = (rows["image"] != "") & ((rows["notes_text"] != "") | (rows["notes"] != ""))
    has &= rows["audio"] != ""
    if splits:
        has &= rows["split"].isin(splits)
    found = np.flatnonzero(has.to_numpy())
    if len(found) < count:
        raise ValueError(f"The manifest has {len(found)} cases with all three parts, not {count}.")
    chosen = np.zeros(len(rows), bool)
    chosen[found[np.arange(count) * len(found) // count]] = True
    return manifest.take(chosen)


def case_of(manifest: Manifest, text: str, row: int) -> Case:
    """Read one case's files; ``text`` is its note."""
    image, audio = manifest.path(row, "image"), manifest.path(row, "audio")
    return Case(
        read_picture(image.read_bytes(), image.name) if image else None,
        typed_notes(text) if text else None,
        read_sound(audio.read_bytes(), audio.name) if audio else None,
    )


def cases(manifest: Manifest) -> Iterator[Case]:
    """Read all cases, one at a time."""
    for row, text in enumerate(read_texts(manifest)):
        yield case_of(manifest, text, row)


def light(prediction: Prediction) -> Prediction:
    """The same prediction without the inputs and the positions, of which the account needs none."""
    return replace(prediction, features=Features(prediction.features.means, {}, {}))


def store(model: ModelIdentity, part: Manifest, cache: Path) -> Path:
    """Where these cases' features by this model are kept."""
    return cache / f"{model.sha256[:16]}-{cases_sha256(part)[:16]}.safetensors"


def keep(features: torch.Tensor, path: Path) -> None:
    """Store features, (n, 3, d)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"features": features}, path)


def features_of(predictor: Predictor, part: Manifest, cache: Path) -> torch.Tensor:
    """The features of whole cases, (n, 3, d) float32, from the cache where they are there."""
    path = store(predictor.identity, part, cache)
    if not path.is_file():
        keep(torch.stack([predictor.predict(case).features.means for case in cases(part)]), path)
    return load_file(path)["features"]


def interval(hits: int, of: int) -> tuple[float, float]:
    """95 % of a share by Wilson's score (JASA 1927)."""
    if not of:
        return 0.0, 1.0
    z, p = 1.959964, hits / of
    centre, reach = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + (z / (2 * of)) ** 2)
    low, high = ((centre + sign * reach) / (1 + z * z / of) for sign in (-1, 1))
    return round(max(low, 0.0), 3), round(min(high, 1.0), 3)


def about(predictor: Predictor) -> dict[str, Any]:
    """What was measured, where, and beside what."""
    return {
        "model": f"{predictor.identity.name} {predictor.identity.version}",
        "sha256": predictor.identity.sha256,
        "machine": f"{processor()}, {cores()} cores",
        "load": round(os.getloadavg()[0], 2),
        "versions": {"mmbm": mmbm.__version__, "torch": torch.__version__},
    }


def head_of(
    config: ModelConfig,
    features: torch.Tensor,
    labels: torch.Tensor,
    *,
    fusion: str,
    findings: tuple[str, ...],
    seed: int = 0,
) -> MultimodalBigModel:
    """A net whose fusion and head are fitted on whole cases' features, (n, 3, d), of some model.

    By the loss of training, over every coalition, with a ridge; labels are (n, findings) with NaN
    for unknown. Its encoders are not that model's: only fusion, head and readout are to be used.
    """
    torch.manual_seed(seed)
    made = MultimodalBigModel(config.model_copy(update={"fusion": fusion, "findings": findings}))
    trained = [*made.fusion.parameters(), *made.head.parameters()]
    optimizer = torch.optim.Adam(trained, RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    present = torch.ones(BATCH, len(MODALITIES), dtype=torch.bool)
    for _ in range(STEPS):
        rows = torch.randint(len(features), (BATCH,))
        loss = coalition_loss(made, features[rows], present, labels[rows], SMOOTH).mean
        loss = loss + RIDGE * made.head.weight.square().sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return made.eval().requires_grad_(False)
