"""Fit a model's calibration and trust tables to cases; its encoders stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmbm.card import data_table
from mmbm.card.lineage import Stage, extended
from mmbm.data.corpus import Corpus, Progress
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.select import (
    corpus_of,
    held_out,
    left_out_by,
    mean_film_of,
    need_findings,
    split_of,
    taught_in,
    trained_on,
)
from mmbm.device import probe_device
from mmbm.errors import ConfigError, ManifestError
from mmbm.evaluate import Scores, calibrate, extract, operating_points
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.model.network import MultimodalBigModel
from mmbm.model.tables import TrustTables
from mmbm.text import name_of, sentence
from mmbm.train.finish import record_and_card
from mmbm.train.fit.tables import fit_tables
from mmbm.train.handed_down import handed_down, keep_log
from mmbm.train.refit import refit
from mmbm.trust.prevalence import facts_of

__all__ = [
    "MIN_PATIENTS_PER_LABEL",
    "calibrated",
    "few_patients",
    "operating_point",
    "run_calibration",
]

MIN_PATIENTS_PER_LABEL = 20  # held out, for all that is fitted to be given


def run_calibration(
    manifest_path: Path,
    model: str | Path,
    out: Path,
    *,
    device: str,
    reading: Progress,
    head: bool = False,
    held: str | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Path:
    """Fit a model's calibration and trust tables anew and write it to ``out``; returns that.

    The encoders stay; with ``head`` fusion, head and the projections that end the encoders are
    fitted to the train rows first, but for the projections of ``held`` and the head's directions,
    which they speak along. Train rows say what is familiar, val rows fit the rest, test
    rows, if there are any, make the record. ``warn`` is told each finding with few patients in
    val, in a sentence.

    Raises
    ------
    ManifestError
        Its rows are faulty, or val has too few patients to calibrate any finding.
    ModelError
    """
    if held and not head:
        raise ConfigError(sentence("train.hold"))
    loaded = checkpoint.read(model)
    before = read_facts(loaded.folder)
    manifest = held_out(read_manifest(manifest_path), left_out_by(before))
    network = loaded.network
    need_findings(manifest, network.config.findings, manifest_path)
    corpora = {
        name: corpus_of(
            split_of(manifest, name, manifest_path),
            network.config,
            loaded.tools,
            None,
            reading,
            mean_film_of(network),
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
    tables, calibration = calibrated(network, corpora, scored["train"], scored["val"])
    if not calibration:
        raise ManifestError(
            sentence(
                "train.calibrate_too_few", file=manifest_path.name, needed=MIN_PATIENTS_PER_LABEL
            )
        )
    for said in few_patients(corpora["val"].manifest, network.config.findings):
        warn(said)
    facts = handed_down(loaded.folder) | {"calibration": calibration}
    stage = Stage(
        kind="calibrate",
        manifest_sha256=manifest.sha256,
        settings={"head": True} | ({"hold": held} if held else {}) if head else {},
        start_from=loaded.identity.sha256,
    )
    facts["lineage"] = extended(before, by=stage)
    if head:
        facts |= {
            "data": data_table(manifest, network.config.findings),
            "trained_on": sorted(trained_on(before) | taught_in(manifest)),
        }
    facts |= operating_point(network, corpora["val"], scored["val"])
    keep_log(loaded.folder, out)
    checkpoint.write(out, network, loaded.tools, facts, tables)
    record_and_card(out, manifest, manifest_path, device=device, reading=reading)
    return out


def few_patients(held: Manifest, findings: Sequence[str]) -> list[str]:
    """A sentence for each finding that these val rows have few patients with, or few without."""
    patients, labels = held.rows["patient_id"].to_numpy(str), held.labels(findings)
    said: list[str] = []
    for place, finding in enumerate(findings):
        without, having = (len(set(patients[labels[:, place] == label])) for label in (0, 1))
        if min(having, without) < MIN_PATIENTS_PER_LABEL:
            said.append(
                sentence(
                    "train.calibrate_few",
                    finding=name_of("finding", finding),
                    having=having,
                    without=without,
                    needed=MIN_PATIENTS_PER_LABEL,
                )
            )
    return said


def calibrated(
    network: MultimodalBigModel, corpora: dict[str, Corpus], learned: Scores, held: Scores
) -> tuple[TrustTables, dict[str, Any]]:
    """Calibrate the network and fit its trust tables, from scores of train and of val.

    Beside the tables the card's entry on how common each finding was.
    """
    found = calibrate(network, corpora["val"], held)
    tables = fit_tables(
        network.readout(),
        network.config,
        corpora["train"],
        learned.features,
        corpora["val"],
        held.features,
    )
    return tables, facts_of(found)


def operating_point(network: MultimodalBigModel, held: Corpus, scores: Scores) -> dict[str, Any]:
    """The card's fact of where each finding is called positive, from val."""
    points = operating_points(network, held, scores)
    return {"operating_point": {"name": "balanced", "thresholds": points}}
