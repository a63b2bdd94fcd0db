"""From a model and a manifest to the evaluation record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mmbm
from mmbm.data.corpus import Progress
from mmbm.data.manifest import mined_sources, read_manifest
from mmbm.data.reading import read_texts
from mmbm.data.select import (
    corpus_of,
    held_out,
    left_out_by,
    mean_film_of,
    split_of,
    taught_in,
    trained_on,
)
from mmbm.device import probe_device
from mmbm.evaluate.agreement import agreement
from mmbm.evaluate.assess import assess
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.left_out import left_out_of
from mmbm.evaluate.located import located
from mmbm.evaluate.odd import read_odd
from mmbm.evaluate.scores import extract
from mmbm.evaluate.sections import evaluate
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.predict import Predictor
from mmbm.record import PIPELINE_VERSION, Identity, Record
from mmbm.storage import checksums

__all__ = ["run_evaluation"]


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

    A finding that the manifest has no column of counts as unknown in every case.

    ``odd`` lists files that its trust should flag (``mmbm.evaluate.odd``). ``without`` are folders
    of models like this one, each trained without a source: their records tell how they did on it.

    Raises
    ------
    ManifestError, ModelError
    """
    loaded = checkpoint.read(model)
    facts = read_facts(loaded.folder)
    left_out = left_out_by(facts)
    manifest = held_out(read_manifest(manifest_path), left_out)
    others = left_out_of(without)
    listed = read_odd(odd) if odd is not None else []
    test = split_of(manifest, "test", manifest_path)
    torch_device = probe_device(device)
    network = loaded.network
    corpus = corpus_of(
        test, network.config, loaded.tools, None, reading, mean_film_of(network), lungs=True
    )
    network.to(torch_device)
    scores = extract(network, corpus, torch_device, reading)
    point = facts.get("operating_point", {})
    sections = evaluate(
        network,
        corpus,
        scores,
        point.get("thresholds", {}),
        others,
        untrained=set(test.rows["source"]) - taught_in(manifest) - trained_on(facts),
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
        agreement=agreement(network.readout(), corpus.manifest, scores, network.config.modalities),
        **sections,
    )
