"""A first training of a few minutes: as many cases and epochs as this machine can do in them."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mmbm.data.corpus import silent
from mmbm.data.manifest import SOUND, Manifest
from mmbm.data.reading import read_texts
from mmbm.data.select import corpus_of
from mmbm.device import cores, probe_device
from mmbm.model.network import MultimodalBigModel
from mmbm.train.begin import begin
from mmbm.train.calibrate import MIN_PATIENTS_PER_LABEL, few_patients
from mmbm.train.collate import Batch
from mmbm.train.config import TrainConfig
from mmbm.train.loader import load
from mmbm.train.loss import coalition_loss

__all__ = ["Budget", "Pace", "budget", "few_held", "pace", "part_of"]

TRIED = 16  # training cases that the machine is timed on
EPOCHS = (3, 12)  # at least, at most
FORWARD = 0.4  # of a step's time
READS = 6  # times that a test case is read: scores, parts, accounts and maps of the record
STILL = 20.0  # seconds that a run takes however few its cases


class Pace(NamedTuple):
    """What this machine does, in seconds a case."""

    reading: float  # decode and prepare
    step: float  # augment, forward and backward


class Budget(NamedTuple):
    """What fits."""

    epochs: int
    share: float  # of the patients, in (0, 1]


def pace(manifest: Manifest, config: TrainConfig, device: str) -> Pace:
    """Time some cases: read as a run reads them, and in one step down the gradient."""
    train = np.flatnonzero((manifest.rows["split"] == "train").to_numpy())
    some = np.zeros(len(manifest.rows), dtype=bool)
    some[train[np.linspace(0, len(train) - 1, min(TRIED, len(train))).astype(int)]] = True
    part, where = manifest.take(some), probe_device(device)
    start, tools, model = begin(config, read_texts(part))
    tried = config.model_copy(update={"model": model, "workers": 0, "batch": 8, "localise": 0.0})
    torch.set_num_threads(config.threads or max(cores() - config.workers, 1))
    began = time.perf_counter()
    corpus = corpus_of(part, model, tools, None, silent)
    reading = (time.perf_counter() - began) / len(corpus)
    network = MultimodalBigModel(model) if start is None else start
    network.to(where).train()
    batches = load(corpus, tried.model_copy(update={"epochs": 3}), first=0)
    _down(network, next(batches), where)  # the first one is slow
    began = time.perf_counter()
    batch = next(batches)
    _down(network, batch, where)
    return Pace(reading, (time.perf_counter() - began) / len(batch.labels))


def _down(network: MultimodalBigModel, batch: Batch, where: torch.device) -> None:
    inputs = batch.inputs.to(where)
    found = coalition_loss(
        network, network.features(inputs), inputs.present, batch.labels.to(where), 0.05, {}
    )
    (found.total / found.known.clamp(min=1)).backward()  # type: ignore[no-untyped-call]
    network.zero_grad()


def budget(counts: dict[str, int], at: Pace, minutes: float) -> Budget:
    """The most epochs that fit into so many minutes, or the share of the cases that does.

    ``counts`` are the rows of each split.
    """
    seconds = max(60.0 * minutes - STILL, 10.0)
    read = sum(counts.values()) * at.reading
    forward = FORWARD * at.step
    once = (counts["train"] + counts["val"] + READS * counts["test"]) * forward
    epoch = counts["train"] * at.step + counts["val"] * forward
    least = read + once + EPOCHS[0] * epoch
    if least > seconds:
        return Budget(EPOCHS[0], seconds / least)
    return Budget(min(EPOCHS[1], int((seconds - read - once) / epoch)), 1.0)


def part_of(manifest: Manifest, finding: str, share: float, out: Path) -> Path:
    """Write a manifest of so large a share of the patients, drawn in each split and label.

    Of val patients at least as many are kept as a calibration asks for, where there are so many.
    Files are named by where they lie. Returns the path.
    """
    rows = manifest.rows.copy()
    for part in ("image", "notes", "audio"):
        rows[part] = [
            str((manifest.folder / name).resolve()) if name else "" for name in rows[part]
        ]
    label = rows.groupby("patient_id")[finding].transform("max")
    draw, kept = np.random.default_rng(0), set[str]()
    needed = math.ceil(MIN_PATIENTS_PER_LABEL / rows["source"].nunique())
    for (split, *_), group in rows.groupby([rows["split"], rows["source"], label]):
        patients, least = group["patient_id"].unique(), needed if split == "val" else 2
        count = min(len(patients), max(least, round(share * len(patients))))
        kept |= set(draw.choice(patients, count, replace=False).tolist())
    rows = rows[rows["patient_id"].isin(kept)]
    labels = {*manifest.findings, *(SOUND + event for event in manifest.sound_events)}
    rows = rows.loc[:, (rows != "").any(axis=0) | rows.columns.isin(labels)]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(rows.columns)
        writer.writerows(rows.itertuples(index=False))
    return out


def few_held(manifest: Manifest, findings: Sequence[str]) -> list[str]:
    """A sentence for each finding that the val rows have too few patients of to calibrate well."""
    return few_patients(manifest.take((manifest.rows["split"] == "val").to_numpy()), findings)
