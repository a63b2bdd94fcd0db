"""Write one model made of several: the mean of branches, or branches of other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mmbm
from mmbm.branches.registry import branch_of
from mmbm.card import write_card
from mmbm.card.lineage import Stage, extended
from mmbm.data.corpus import Progress
from mmbm.data.manifest import read_manifest
from mmbm.data.select import (
    corpus_of,
    held_out,
    left_out_by,
    mean_film_of,
    split_of,
    trained_on,
)
from mmbm.errors import ConfigError, ManifestError
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.text import name_of, sentence
from mmbm.train.average import average_backbones, average_weights
from mmbm.train.graft import graft
from mmbm.train.handed_down import handed_down, keep_log

__all__ = ["run_average", "run_graft"]


def run_average(
    manifest_path: Path,
    model: str | Path,
    out: Path,
    *,
    branches: Mapping[str, Sequence[Path]],
    reading: Progress,
    version: str = "",
) -> Path:
    """Write to ``out`` the model with the mean of others' ``branches``, not calibrated anew.

    The manifest's train rows set the norms of a mean branch with a pretrained backbone, but for
    those of sources that one of the models leaves out and none has learned from; the new one leaves
    them out as well. Returns ``out``.

    Raises
    ------
    ConfigError, ManifestError, ModelError
    """
    loaded = checkpoint.read(model)
    network = loaded.network
    others = {
        modality: [checkpoint.read(folder) for folder in folders]
        for modality, folders in branches.items()
        if folders
    }
    if not others:
        raise ConfigError(sentence("train.average_none"))
    facts = handed_down(loaded.folder)
    facts.pop("calibration", None)  # of other branches
    every = [loaded, *(other for of in others.values() for other in of)]
    cards = [read_facts(other.folder) for other in every]
    left_out = left_out_by(*cards)
    for modality, of in others.items():
        nets = [other.network for other in of]
        if branch_of(modality).slow(network.encoders[modality]):
            manifest = held_out(read_manifest(manifest_path), left_out)
            train = split_of(manifest, "train", manifest_path)
            only = network.config.model_copy(update={"modalities": (modality,)})
            corpus = corpus_of(train, only, loaded.tools, None, reading, mean_film_of(network))
            cases = corpus.distinct(modality).tolist()
            if not cases:
                part = name_of("modality", modality)
                raise ManifestError(sentence("train.no_part", file=manifest_path.name, part=part))
            tensors = corpus.inputs(cases).parts[modality]
            average_backbones(network, nets, modality, tensors)
        else:
            average_weights(network, nets, modality)
    facts["leave_out"] = list(left_out)
    facts["trained_on"] = sorted(trained_on(*cards))
    stage = Stage(
        kind="average",
        start_from=loaded.identity.sha256,
        averaged={m: tuple(other.identity.sha256 for other in of) for m, of in others.items()},
    )
    facts["lineage"] = extended(*cards, by=stage)
    if version:
        network.config = network.config.model_copy(update={"version": version})
    keep_log(loaded.folder, out)
    checkpoint.write(out, network, loaded.tools, facts)
    write_card(out)
    return out


def run_graft(
    model: str | Path,
    branches: Mapping[str, Path],
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
    stage = Stage(
        kind="graft",
        start_from=loaded.identity.sha256,
        averaged={str(m): (other.identity.sha256,) for m, other in others.items()},
    )
    facts: dict[str, Any] = {
        "mmbm_version": mmbm.__version__,
        "leave_out": list(left_out_by(*cards)),
        "trained_on": sorted(trained_on(*cards)),
        "lineage": extended(*cards, by=stage),
    }
    tools = {m: others.get(m, loaded).tools.get(m) for m in network.config.modalities}
    checkpoint.write(out, network, tools, facts)
    write_card(out)
    return out
