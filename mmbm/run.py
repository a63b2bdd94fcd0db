"""A run from manifest to model folder, and from model to evaluation record."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

import mmbm
from mmbm.card import data_table, read_facts, write_card
from mmbm.card.lineage import Stage, extended, weights_sha256
from mmbm.case import Modality
from mmbm.config import ModelConfig, TrainConfig
from mmbm.data.corpus import Corpus, Progress, read_corpus, read_texts
from mmbm.data.manifest import Manifest, mined_sources, read_manifest
from mmbm.errors import ConfigError, ManifestError
from mmbm.evaluate import (
    Scores,
    calibrate,
    evaluate,
    extract,
    operating_points,
    source_aurocs,
)
from mmbm.evaluate.golden import sample_cases
from mmbm.evaluate.located import located
from mmbm.evaluate.record import (
    Identity,
    Record,
    cases_sha256,
    left_out_of,
    store_record,
)
from mmbm.explain.attribution import METHODS, SPACES, randomised_maps, weight_shuffled
from mmbm.inputs import standardise
from mmbm.model import checkpoint
from mmbm.model.folder import checksums, put
from mmbm.model.network import MultimodalBigModel
from mmbm.model.tables import TrustTables
from mmbm.pipeline import PIPELINE_VERSION
from mmbm.predict import Predictor, probe_device
from mmbm.train import Processes, Step, begin, processes, train
from mmbm.train.average import average_audio, average_image
from mmbm.train.graft import graft
from mmbm.train.refit import refit
from mmbm.trust.assess import assess
from mmbm.trust.fit import fit_tables
from mmbm.trust.odd import read_odd
from mmbm.trust.prevalence import facts_of
from mmbm.trust.verdict import Sanity, sanity_of, write_sanity

__all__ = [
    "run_average",
    "run_calibration",
    "run_evaluation",
    "run_graft",
    "run_sanity",
    "run_training",
]


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
    manifest = _without(manifest, config.leave_out)
    splits = {name: _split(manifest, name, manifest_path) for name in ("train", "val")}
    _need_findings(manifest, config.model.findings, manifest_path)
    texts = {name: read_texts(part) for name, part in splits.items()}
    parents = [read_facts(checkpoint.find(config.start_from))] if config.start_from else []
    start, tokenizer, model_config = begin(config, texts["train"])
    config = config.model_copy(update={"model": model_config})
    with team.in_turn():  # the first one writes the cache, the others read it
        corpora = {
            name: _corpus(part, model_config, tokenizer, out / "cache", reading)
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
    tables, calibration = _calibrated(network, corpora, learned, scores)
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
        **_operating_point(network, corpora["val"], scores),
    }
    checkpoint.write(folder, network, tokenizer, facts, tables)
    put(folder, "training.csv", (out / "training.csv").read_bytes())
    if (manifest.rows["split"] == "test").any():
        record = run_evaluation(manifest_path, folder, device=device, reading=reading)
        store_record(record, folder)
    write_card(folder)
    return folder


def run_calibration(
    manifest_path: Path,
    model: str | Path,
    out: Path,
    *,
    device: str,
    reading: Progress,
    head: bool = False,
    held: Modality | None = None,
) -> Path:
    """Fit a model's calibration and trust tables anew and write it to ``out``; returns that.

    The encoders stay; with ``head`` fusion, head and the projections that end the encoders are
    fitted to the train rows first, but for the projections of ``held`` and the head's directions,
    which they speak along. Train rows say what is familiar, val rows fit the rest, test
    rows, if there are any, make the record.

    Raises
    ------
    ManifestError, ModelError
    """
    if held and not head:
        raise ConfigError("Only a head that is fitted anew has branches to hold: add --head.")
    loaded = checkpoint.read(model)
    manifest = _without(read_manifest(manifest_path), _left_out(read_facts(loaded.folder)))
    network, tokenizer = loaded.network, loaded.tokenizer
    _need_findings(manifest, network.config.findings, manifest_path)
    corpora = {
        name: _corpus(
            _split(manifest, name, manifest_path),
            network.config,
            tokenizer,
            None,
            reading,
            network.mean_film,
        )
        for name in ("train", "val")
    }
    torch_device = probe_device(device)
    network.to(torch_device)
    scored = {name: extract(network, c, torch_device, reading) for name, c in corpora.items()}
    if head:
        network.cpu()
        turn = refit(network, corpora["train"], scored["train"].features, held=held)
        scored = {
            name: replace(s, features=turn(s.features, s.present)) for name, s in scored.items()
        }
    tables, calibration = _calibrated(network, corpora, scored["train"], scored["val"])
    facts = _handed_down(loaded.folder) | {"calibration": calibration}
    stage = Stage(
        kind="calibrate",
        manifest_sha256=manifest.sha256,
        settings={"head": True} | ({"hold": held} if held else {}) if head else {},
        start_from=loaded.identity.sha256,
    )
    facts["lineage"] = extended(read_facts(loaded.folder), by=stage)
    if head:
        facts |= {"data": data_table(manifest, network.config.findings)}
    facts |= _operating_point(network, corpora["val"], scored["val"])
    _keep_log(loaded.folder, out)
    checkpoint.write(out, network, tokenizer, facts, tables)
    if (manifest.rows["split"] == "test").any():
        record = run_evaluation(manifest_path, out, device=device, reading=reading)
        store_record(record, out)
    write_card(out)
    return out


def run_average(
    manifest_path: Path,
    model: str | Path,
    out: Path,
    *,
    images: Sequence[Path] = (),
    sounds: Sequence[Path] = (),
    reading: Progress,
    version: str = "",
) -> Path:
    """Write to ``out`` the model with others' mean image and sound branch, not calibrated anew.

    The manifest's train films set the norms of the mean image branch, but for those of sources that
    one of the models was trained without; so is the new one then. Returns ``out``.

    Raises
    ------
    ConfigError, ManifestError, ModelError
    """
    if not images and not sounds:
        raise ConfigError("Name models to take the image or the sound branch of.")
    loaded = checkpoint.read(model)
    seen, heard = ([checkpoint.read(folder) for folder in part] for part in (images, sounds))
    facts = _handed_down(loaded.folder)
    facts.pop("calibration", None)  # of other branches
    cards = [read_facts(other.folder) for other in (loaded, *seen, *heard)]
    left_out = tuple(dict.fromkeys(source for card in cards for source in _left_out(card)))
    if seen:
        train = _split(_without(read_manifest(manifest_path), left_out), "train", manifest_path)
        only = loaded.network.config.model_copy(update={"modalities": ("image",)})
        mean_film = loaded.network.mean_film
        corpus = _corpus(train, only, loaded.tokenizer, None, reading, mean_film)
        films = [standardise(film, corpus.image) for film in corpus.films]
        if not films:
            raise ManifestError(f"'{manifest_path.name}' has no film in its train split.")
        average_image(loaded.network, [other.network for other in seen], torch.stack(films))
    if heard:
        average_audio(loaded.network, [other.network for other in heard])
    facts["leave_out"] = list(left_out)
    stage = Stage(
        kind="average",
        start_from=loaded.identity.sha256,
        averaged={
            part: tuple(other.identity.sha256 for other in others)
            for part, others in (("image", seen), ("audio", heard))
            if others
        },
    )
    facts["lineage"] = extended(*cards, by=stage)
    if version:
        network = loaded.network
        network.config = network.config.model_copy(update={"version": version})
    _keep_log(loaded.folder, out)
    checkpoint.write(out, loaded.network, loaded.tokenizer, facts)
    write_card(out)
    return out


def run_graft(
    model: str | Path,
    branches: Mapping[Modality, Path],
    out: Path,
    *,
    name: str = "",
    version: str = "",
) -> Path:
    """Write to ``out`` the model with other models' ``branches``, not calibrated anew.

    Raises
    ------
    ConfigError, ModelError
    """
    loaded = checkpoint.read(model)
    others = {modality: checkpoint.read(folder) for modality, folder in branches.items()}
    network = graft(loaded.network, {m: other.network for m, other in others.items()})
    named = {key: said for key, said in (("name", name), ("version", version)) if said}
    network.config = network.config.model_copy(update=named)
    cards = [read_facts(other.folder) for other in (loaded, *others.values())]
    left_out = tuple(dict.fromkeys(source for card in cards for source in _left_out(card)))
    stage = Stage(
        kind="graft",
        start_from=loaded.identity.sha256,
        averaged={str(m): (other.identity.sha256,) for m, other in others.items()},
    )
    facts: dict[str, Any] = {
        "mmbm_version": mmbm.__version__,
        "leave_out": list(left_out),
        "lineage": extended(*cards, by=stage),
    }
    tokenizer = others.get("notes", loaded).tokenizer
    checkpoint.write(out, network, tokenizer, facts)
    write_card(out)
    return out


def _handed_down(folder: Path) -> dict[str, Any]:
    """What a model's card says that holds for one made from it."""
    own = {"name", "version", "sha256"}
    return {key: fact for key, fact in read_facts(folder).items() if key not in own}


def _keep_log(folder: Path, out: Path) -> None:
    """The log of the training goes with the model."""
    log = folder / "training.csv"
    if log.is_file() and out.resolve() != folder.resolve():
        out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, out / "training.csv")


def _calibrated(
    network: MultimodalBigModel, corpora: dict[str, Corpus], learned: Scores, held: Scores
) -> tuple[TrustTables, dict[str, Any]]:
    """Calibrate the network and fit its trust tables, from scores of train and of val.

    Beside the tables the card's entry on how common each finding was.
    """
    found = calibrate(network, corpora["val"], held)
    tables = fit_tables(
        network.readout(),
        corpora["train"],
        learned.features,
        corpora["val"],
        held.features,
        network.config.notes.unknown,
    )
    return tables, facts_of(found)


def run_evaluation(
    manifest_path: Path,
    model: str | Path,
    *,
    device: str,
    reading: Progress,
    odd: Path | None = None,
    without: Sequence[Path] = (),
) -> Record:
    """Score a model, as stored, on the manifest's test split.

    ``odd`` lists files that its trust should flag (``mmbm.trust.odd``). ``without`` are folders of
    models like this one, each trained without a source: their records tell how they did on it.

    Raises
    ------
    ManifestError, ModelError
    """
    loaded = checkpoint.read(model)
    facts = read_facts(loaded.folder)
    left_out = _left_out(facts)
    manifest = _without(read_manifest(manifest_path), left_out)
    others = left_out_of(without)
    listed = read_odd(odd) if odd is not None else []
    test = _split(manifest, "test", manifest_path)
    _need_findings(manifest, loaded.network.config.findings, manifest_path)
    torch_device = probe_device(device)
    network, mean_film = loaded.network, loaded.network.mean_film
    corpus = _corpus(test, network.config, loaded.tokenizer, None, reading, mean_film, lungs=True)
    network.to(torch_device)
    scores = extract(network, corpus, torch_device, reading)
    point = facts.get("operating_point", {})
    trained = manifest.rows["source"][manifest.rows["split"] == "train"]
    sections = evaluate(
        *(network, corpus, scores, point.get("thresholds", {}), others),
        untrained=set(test.rows["source"]) - set(trained),
    )
    texts, predictor = read_texts(corpus.manifest), Predictor(loaded, device)
    sections |= located(predictor, corpus.manifest, reading)
    sections |= assess(predictor, corpus, scores.features, texts, listed, reading)
    hashes, config = checksums(loaded.folder), network.config
    return Record(
        model=Identity(
            name=config.name,
            version=config.version,
            sha256=hashes["model.safetensors"],
            trust_sha256=hashes.get("trust.safetensors"),
        ),
        mmbm_version=mmbm.__version__,
        manifest_sha256=manifest.sha256,
        test_sha256=cases_sha256(test),
        pipeline_version=PIPELINE_VERSION,
        operating_point=point.get("name", "half"),
        left_out=left_out,
        mined=mined_sources(manifest),
        leave_one_source_out=others,
        **sections,
    )


def run_sanity(
    model: str | Path, *, device: str, reading: Progress, every: bool = False
) -> tuple[Sanity, ...]:
    """Compare a model's maps of the sample cases with those of its shuffled weights; store that.

    Of the default map of each part, or of ``every`` method. Raises ModelError.
    """
    predictor = Predictor.load(model, device)
    shuffled = weight_shuffled(predictor)
    cases = list(sample_cases().values())
    read = predictor.predict(cases[0]).present
    asked = [
        (over, method)
        for over, known in METHODS.items()
        if SPACES[over] in read
        if every or over != "samples"  # the slowest, and not the default of sound
        for method in (known if every else list(known)[:1])
    ]
    found = []
    for done, (over, method) in enumerate(asked):
        reading(f"{method}, {over}", done, len(asked))
        pairs = randomised_maps(predictor, shuffled, cases, over, method)
        found.append(sanity_of(predictor.identity.sha256, over, method, pairs))
    write_sanity(predictor.folder, found)
    return tuple(found)


def _operating_point(network: MultimodalBigModel, held: Corpus, scores: Scores) -> dict[str, Any]:
    """The card's fact of where each finding is called positive, from val."""
    points = operating_points(network, held, scores)
    return {"operating_point": {"name": "balanced", "thresholds": points}}


def _left_out(facts: dict[str, Any]) -> tuple[str, ...]:
    """The sources that a model's card says it was trained without."""
    return tuple(facts.get("leave_out", ()))


def _without(manifest: Manifest, sources: Sequence[str]) -> Manifest:
    """The manifest with all cases of these sources in its test split."""
    kept = manifest.rows["split"].where(~manifest.rows["source"].isin(sources), "test")
    return replace(manifest, rows=manifest.rows.assign(split=kept))


def _split(manifest: Manifest, name: str, path: Path) -> Manifest:
    """The rows of one split, of which there must be some."""
    part = manifest.take((manifest.rows["split"] == name).to_numpy())
    if not len(part.rows):
        raise ManifestError(f"'{path.name}' has no row with split '{name}'.")
    return part


def _corpus(
    part: Manifest,
    config: ModelConfig,
    tokenizer: Tokenizer,
    cache: Path | None,
    reading: Progress,
    mean_film: Tensor | None = None,
    *,
    lungs: bool = False,
) -> Corpus:
    """A split's cases with only the parts that the model reads, its films by its ``mean_film``."""
    columns = {"image": ["image"], "notes": ["notes", "notes_text"], "audio": ["audio"]}
    unread = [c for m, names in columns.items() if m not in config.modalities for c in names]
    read = [c for names in columns.values() for c in names if c not in unread]
    part = replace(part, rows=part.rows.assign(**dict.fromkeys(unread, "")))
    part = part.take((part.rows[read] != "").any(axis=1).to_numpy())
    return read_corpus(
        part,
        read_texts(part),
        config,
        tokenizer,
        cache=cache,
        progress=reading,
        mean_film=mean_film,
        lungs=lungs,
    )


def _need_findings(manifest: Manifest, findings: tuple[str, ...], path: Path) -> None:
    missing = [f for f in findings if f not in manifest.findings]
    if missing:
        raise ManifestError(
            f"'{path.name}' has no column '{missing[0]}', a finding of this model; "
            f"it has {', '.join(manifest.findings) or 'none'}."
        )
