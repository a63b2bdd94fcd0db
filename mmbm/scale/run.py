"""What a run is: the model, the manifest and the options that its numbers hang on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mmbm.errors import ConfigError
from mmbm.model.checkpoint import LoadedModel
from mmbm.record import PIPELINE_VERSION
from mmbm.scale.options import Options
from mmbm.scale.places import Place
from mmbm.scale.rows import Index
from mmbm.storage import checksums
from mmbm.text import Sentence, sentence

__all__ = ["RUN", "refuse_other_run", "run_of"]

RUN = "run.json"
OPTIONS = {"level": "--level", "maps": "--maps", "shard_rows": "--shard-rows"}
HASHES = {"model_sha256": "model", "trust_sha256": "model", "manifest_sha256": "manifest"}


def run_of(index: Index, loaded: LoadedModel, options: Options) -> dict[str, Any]:
    """All that must be the same for a run to go on."""
    hashes = checksums(loaded.folder)
    config = loaded.network.config
    return {
        "notice": str(sentence("report.notice")),
        "model": f"{config.name} {config.version}",
        "model_sha256": hashes["model.safetensors"],
        "trust_sha256": hashes.get("trust.safetensors", ""),
        "manifest_sha256": index.sha256,
        "pipeline_version": PIPELINE_VERSION,
        "level": options.level,
        "bf16": options.bf16,
        "maps": options.maps,
        "shard_rows": options.shard_rows,
    }


def refuse_other_run(folder: Place, run: dict[str, Any]) -> None:
    """Refuse to go on with the parts of another run. Raises ConfigError that says what differs."""
    try:
        before = json.loads((folder / RUN).read())
        same = before == run
        differing = () if same else tuple(dict.fromkeys(_differing(before, run)))
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise ConfigError(sentence("scale.no_run", folder=folder.name)) from exc
    if not same:
        what = differing or (sentence("scale.differs.version"),)
        raise ConfigError(sentence("scale.other_run", folder=folder.name, what=what))


def _differing(before: dict[str, Any], run: dict[str, Any]) -> Iterator[Sentence]:
    for name, option in OPTIONS.items():
        if before.get(name) != run[name]:
            yield sentence("scale.differs_option", option=option, value=str(before.get(name)))
    if before.get("bf16") != run["bf16"]:
        yield sentence("scale.differs.bf16" if before.get("bf16") else "scale.differs.no_bf16")
    for name, what in HASHES.items():
        if before.get(name) != run[name]:
            yield sentence(f"scale.differs.{what}")
    if before.get("pipeline_version") != run["pipeline_version"]:
        yield sentence("scale.differs.version")
