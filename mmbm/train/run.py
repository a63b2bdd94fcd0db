"""A run from manifest to model folder."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import mmbm
from mmbm.card import data_table, write_card
from mmbm.card.lineage import Stage, extended, weights_sha256
from mmbm.config import TrainConfig
from mmbm.data.corpus import Progress, read_texts
from mmbm.data.manifest import read_manifest
from mmbm.data.select import corpus_of, held_out, need_findings, split_of
from mmbm.errors import ManifestError
from mmbm.evaluate import Scores, extract, source_aurocs
from mmbm.evaluate.run import run_evaluation
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.model.folder import put
from mmbm.model.network import MultimodalBigModel
from mmbm.predict import probe_device
from mmbm.record.record import store_record
from mmbm.train.begin import begin
from mmbm.train.calibrate import calibrated, operating_point
from mmbm.train.loop import Step, train
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
        raise ManifestError(f"'{manifest_path.name}' has no source '{min(unknown)}' to leave out.")
    manifest = held_out(manifest, config.leave_out)
    splits = {name: split_of(manifest, name, manifest_path) for name in ("train", "val")}
    need_findings(manifest, config.model.findings, manifest_path)
    texts = {name: read_texts(part) for name, part in splits.items()}
    parents = [read_facts(checkpoint.find(config.start_from))] if config.start_from else []
    start, tokenizer, model_config = begin(config, texts["train"])
    config = config.model_copy(update={"model": model_config})
    with team.in_turn():  # the first one writes the cache, the others read it
        corpora = {
            name: corpus_of(part, model_config, tokenizer, out / "cache", reading)
            for name, part in splits.items()
        }
    scored: dict[int, Scores] = {}
    best = -math.inf

    def validate(network: MultimodalBigModel, epoch: int) -> dict[str, float]:
        nonlocal best
        scores = extract(network, corpora["val"], team.device)
        figures = source_aurocs(network, corpora["val"], scores)
        if not config.patience or figures["macro_auroc"] > best:
            best = figures["macro_auroc"]
            scored.clear()
            scored[epoch] = scores
        return figures

    trained = train(
        corpora["train"],
        config,
        out,
        team=team,
        start=start,
        resume=resume,
        validate=validate,
        progress=step,
    )
    folder = out / "model"
    if not team.first:
        return folder
    network = trained.network
    scores = scored.get(trained.epoch) or extract(network, corpora["val"], team.device)
    learned = extract(network, corpora["train"], team.device, reading)
    tables, calibration = calibrated(network, corpora, learned, scores)
    facts = {
        "mmbm_version": mmbm.__version__,
        "manifest_sha256": manifest.sha256,
        "leave_out": list(config.leave_out),
        "lineage": extended(
            *parents,
            by=Stage(
                kind="train",
                manifest_sha256=manifest.sha256,
                settings=config.model_dump(
                    mode="json", exclude={"model", "start_from"}, exclude_defaults=True
                ),
                start_from="".join(weights_sha256(facts) for facts in parents),
            ),
        ),
        "data": data_table(manifest, model_config.findings),
        "calibration": calibration,
        **operating_point(network, corpora["val"], scores),
    }
    checkpoint.write(folder, network, tokenizer, facts, tables)
    put(folder, "training.csv", (out / "training.csv").read_bytes())
    if (manifest.rows["split"] == "test").any():
        record = run_evaluation(manifest_path, folder, device=device, reading=reading)
        store_record(record, folder)
    write_card(folder)
    return folder
