"""A run from manifest to model folder, and from model to evaluation record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmbm
from mmbm.card import data_table, write_card
from mmbm.config import TrainConfig
from mmbm.data.corpus import Progress, read_corpus, read_texts
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.errors import ManifestError
from mmbm.evaluate import calibrate, evaluate, extract, source_aurocs
from mmbm.model import checkpoint
from mmbm.model.network import MultimodalBigModel
from mmbm.model.notes import train_tokenizer
from mmbm.predict import probe_device
from mmbm.train import Step, train

__all__ = ["run_evaluation", "run_training"]


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
    manifest = read_manifest(manifest_path)
    torch_device = probe_device(device)
    splits = {name: _split(manifest, name, manifest_path) for name in ("train", "val")}
    _need_findings(manifest, config.model.findings, manifest_path)
    texts = {name: read_texts(part) for name, part in splits.items()}
    if config.start_from:
        begun = checkpoint.read(config.start_from)
        start, tokenizer = begun.network, begun.tokenizer
        named = {"name": config.model.name, "version": config.model.version}
        model_config = start.config.model_copy(update=named)
    else:
        start, tokenizer = None, train_tokenizer(texts["train"], config.model.notes.vocabulary)
        notes = config.model.notes.model_copy(update={"vocabulary": tokenizer.get_vocab_size()})
        model_config = config.model.model_copy(update={"notes": notes})
    config = config.model_copy(update={"model": model_config})
    corpora = {
        name: read_corpus(
            part, texts[name], model_config, tokenizer, cache=out / "cache", progress=reading
        )
        for name, part in splits.items()
    }

    def validate(network: MultimodalBigModel) -> dict[str, float]:
        scores = extract(network, corpora["val"], torch_device)
        return source_aurocs(network, corpora["val"], scores)

    network = train(
        corpora["train"],
        config,
        out,
        start=start,
        device=torch_device,
        resume=resume,
        validate=validate,
        progress=step,
    )
    calibrate(network, corpora["val"], extract(network, corpora["val"], torch_device))
    facts = {
        "mmbm_version": mmbm.__version__,
        "manifest_sha256": manifest.sha256,
        "training": config.model_dump(mode="json", exclude={"model"}),
        "data": data_table(manifest, model_config.findings),
    }
    folder = out / "model"
    checkpoint.write(folder, network, tokenizer, facts)
    shutil.copyfile(out / "training.csv", folder / "training.csv")
    if (manifest.rows["split"] == "test").any():
        record = run_evaluation(manifest_path, folder, device=device, reading=reading)
        (folder / "evaluation.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    write_card(folder)
    return folder


def run_evaluation(
    manifest_path: Path, model: str | Path, *, device: str, reading: Progress
) -> dict[str, Any]:
    """Score a model, as stored, on the manifest's test split.

    Raises
    ------
    ManifestError, ModelError
    """
    manifest = read_manifest(manifest_path)
    test = _split(manifest, "test", manifest_path)
    loaded = checkpoint.read(model)
    _need_findings(manifest, loaded.network.config.findings, manifest_path)
    torch_device = probe_device(device)
    network = loaded.network.to(torch_device)
    corpus = read_corpus(test, read_texts(test), network.config, loaded.tokenizer, progress=reading)
    record = evaluate(network, corpus, extract(network, corpus, torch_device, reading))
    identity = loaded.identity
    return {
        "model": {"name": identity.name, "version": identity.version, "sha256": identity.sha256},
        "mmbm_version": mmbm.__version__,
        "manifest_sha256": manifest.sha256,
        **record,
    }


def _split(manifest: Manifest, name: str, path: Path) -> Manifest:
    """The rows of one split, of which there must be some."""
    part = manifest.take((manifest.rows["split"] == name).to_numpy())
    if not len(part.rows):
        raise ManifestError(f"'{path.name}' has no row with split '{name}'.")
    return part


def _need_findings(manifest: Manifest, findings: tuple[str, ...], path: Path) -> None:
    missing = [f for f in findings if f not in manifest.findings]
    if missing:
        raise ManifestError(
            f"'{path.name}' has no column '{missing[0]}', a finding of this model; "
            f"it has {', '.join(manifest.findings) or 'none'}."
        )
