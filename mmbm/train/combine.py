"""Write one model made of several: the mean of branches, or branches of other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import mmbm
from mmbm.card import write_card
from mmbm.card.lineage import Stage, extended
from mmbm.case import Modality
from mmbm.data.corpus import Progress
from mmbm.data.manifest import read_manifest
from mmbm.data.select import corpus_of, held_out, left_out_by, split_of
from mmbm.errors import ConfigError, ManifestError
from mmbm.inputs import standardise
from mmbm.model import checkpoint
from mmbm.model.facts import read_facts
from mmbm.train.average import average_audio, average_image
from mmbm.train.graft import graft
from mmbm.train.handed_down import handed_down, keep_log

__all__ = ["run_average", "run_graft"]


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
    facts = handed_down(loaded.folder)
    facts.pop("calibration", None)  # of other branches
    cards = [read_facts(other.folder) for other in (loaded, *seen, *heard)]
    left_out = tuple(dict.fromkeys(source for card in cards for source in left_out_by(card)))
    if seen:
        train = split_of(held_out(read_manifest(manifest_path), left_out), "train", manifest_path)
        only = loaded.network.config.model_copy(update={"modalities": ("image",)})
        mean_film = loaded.network.mean_film
        corpus = corpus_of(train, only, loaded.tokenizer, None, reading, mean_film)
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
    keep_log(loaded.folder, out)
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
    left_out = tuple(dict.fromkeys(source for card in cards for source in left_out_by(card)))
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
