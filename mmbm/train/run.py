"""A run from manifest to model folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

import mmbm
from mmbm.card import data_table
from mmbm.card.lineage import Stage, extended, weights_sha256
from mmbm.data.corpus import Corpus, Progress
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.reading import read_texts
from mmbm.data.select import (
    corpus_of,
    held_out,
    need_findings,
    split_of,
    taught_in,
    trained_on,
)
from mmbm.device import probe_device
from mmbm.errors import ConfigError, ManifestError
from mmbm.evaluate import Scores, extract, source_aurocs
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.model.network import MultimodalBigModel
from mmbm.storage import put
from mmbm.text import sentence
from mmbm.train.begin import begin
from mmbm.train.calibrate import calibrated, operating_point
from mmbm.train.computing import precision_of
from mmbm.train.config import TrainConfig
from mmbm.train.finish import record_and_card
from mmbm.train.loop import Step, Trained, train
from mmbm.train.processes import Processes, processes

__all__ = ["run_training"]


def run_training(
    manifest_path: Path,
    out: Path,
    config: TrainConfig,
    *,
    resume: bool,
    device: str,
    reading: Progress,
    step: Callable[[Step], None],
) -> Path:
    """Train, calibrate on val, evaluate on test, write ``out/model``; returns that folder.

    Raises
    ------
    ManifestError, ConfigError, ModelError
    """
    with processes(probe_device(device)) as team:
        return _run(
            manifest_path,
            out,
            config,
            team=team,
            resume=resume,
            device=device,
            reading=reading,
            step=step,
        )


def _run(
    manifest_path: Path,
    out: Path,
    config: TrainConfig,
    *,
    team: Processes,
    resume: bool,
    device: str,
    reading: Progress,
    step: Callable[[Step], None],
) -> Path:
    manifest = read_manifest(manifest_path)
    unknown = set(config.leave_out) - set(manifest.rows["source"])
    if unknown:
        raise ManifestError(
            sentence("train.no_source", file=manifest_path.name, source=min(unknown))
        )
    parents = [read_facts(checkpoint.find(config.start_from))] if config.start_from else []
    if known := trained_on(*parents) & set(config.leave_out):
        raise ConfigError(
            sentence("train.learned_from", model=str(config.start_from), source=min(known))
        )
    manifest = held_out(manifest, config.leave_out)
    splits = {name: split_of(manifest, name, manifest_path) for name in ("train", "val")}
    need_findings(manifest, config.model.findings, manifest_path)
    texts = {name: read_texts(part) for name, part in splits.items()}
    start, tools, model_config = begin(config, texts["train"])
    config = config.model_copy(update={"model": model_config})
    with team.in_turn():  # the first one writes the cache, the others read it
        corpora = {
            name: corpus_of(part, model_config, tools, out / "cache", reading)
            for name, part in splits.items()
        }
    validation = _Validation(corpora["val"], config, team.device)
    trained = train(
        corpora["train"],
        config,
        out,
        team=team,
        start=start,
        resume=resume,
        validate=validation,
        progress=step,
    )
    folder = out / "model"
    if not team.first:
        return folder
    network, scores = trained.network, validation.of(trained)
    learned = extract(network, corpora["train"], team.device, reading)
    tables, calibration = calibrated(network, corpora, learned, scores)
    facts = {
        **_facts(manifest, config, precision_of(config.precision, team.device), parents),
        "calibration": calibration,
        **operating_point(network, corpora["val"], scores),
    }
    checkpoint.write(folder, network, tools, facts, tables)
    put(folder, "training.csv", (out / "training.csv").read_bytes())
    record_and_card(folder, manifest, manifest_path, device=device, reading=reading)
    return folder


class _Validation:
    """The figures of each epoch on val; keeps the scores of the epoch whose weights are kept."""

    def __init__(self, corpus: Corpus, config: TrainConfig, device: torch.device) -> None:
        self.corpus, self.patient, self.device = corpus, bool(config.patience), device
        self.best, self.epoch = -math.inf, 0
        self.scores: Scores | None = None

    def __call__(self, network: MultimodalBigModel, epoch: int) -> dict[str, float]:
        scores = extract(network, self.corpus, self.device)
        figures = source_aurocs(network, self.corpus, scores)
        if not self.patient or figures["macro_auroc"] > self.best:
            self.best, self.epoch, self.scores = figures["macro_auroc"], epoch, scores
        return figures

    def of(self, trained: Trained) -> Scores:
        """The scores of the weights that a run ends with."""
        if self.scores is not None and self.epoch == trained.epoch:
            return self.scores
        return extract(trained.network, self.corpus, self.device)


def _facts(
    manifest: Manifest, config: TrainConfig, precision: str, parents: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What the card says of a run; ``parents`` are the cards of what it began with."""
    settings = config.model_dump(
        mode="json", exclude={"model", "start_from", "precision"}, exclude_defaults=True
    )
    if precision != "float32":
        settings["precision"] = precision
    stage = Stage(
        kind="train",
        manifest_sha256=manifest.sha256,
        settings=settings,
        start_from="".join(weights_sha256(facts) for facts in parents),
    )
    return {
        "mmbm_version": mmbm.__version__,
        "manifest_sha256": manifest.sha256,
        "leave_out": list(config.leave_out),
        "trained_on": sorted(trained_on(*parents) | taught_in(manifest)),
        "lineage": extended(*parents, by=stage),
        "data": data_table(manifest, config.model.findings),
    }
