"""A model as a folder: config.json, model.safetensors, card.json, checksums.json.

Beside them lie what its branches keep, such as a tokeniser, and maybe trust.safetensors; without it
a model works, but its shift and its conformal answers are not assessed. ``checksums.json`` holds
the sha256 of every file; one that differs from it is refused, and so is one whose content is not
what it should be, before anything large is made of it. Weights of two or more dimensions are stored
as float16, all else as float32. No pickle is read or written, and nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from mmbm.branches.registry import branch_of
from mmbm.errors import ConfigError, ModelError, ModelNotFound
from mmbm.model.config import ModelConfig
from mmbm.model.facts import CARD, parse_facts
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.model.tables import TrustTables
from mmbm.storage import assets_folder, checksum, read_json, sign, take_all
from mmbm.storage.tensors import Allowance, fill, to_store
from mmbm.text import Sentence, name_of, sentence

__all__ = [
    "DEFAULT_MODEL",
    "WEIGHTS",
    "LoadedModel",
    "ModelIdentity",
    "find",
    "read",
    "shipped",
    "sign",
    "write",
]

DEFAULT_MODEL = "chest-base"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
TRUST = "trust.safetensors"
ROOM = 2**25  # bytes that a net may take beside its weights while it is made


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What a prediction says of the model that made it."""

    name: str
    version: str
    sha256: str  # of model.safetensors


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to run, in eval mode on the CPU."""

    network: MultimodalBigModel
    tools: Mapping[str, Any]  # of each modality, what its branch keeps beside the weights
    identity: ModelIdentity
    folder: Path
    trust: TrustTables | None


def shipped() -> list[str]:
    """The names of the models that come with this program."""
    shelf = assets_folder() / "models"
    return sorted(f.parent.name for f in shelf.glob("*/model.safetensors"))


def find(model: str | Path) -> Path:
    """The folder of a shipped model's name ("default" is one) or of a path.

    Raises
    ------
    ModelNotFound
        Naming the shipped models.
    """
    shelf = assets_folder() / "models"
    name = DEFAULT_MODEL if str(model) == "default" else str(model)
    for folder in (shelf / name, Path(model)):
        try:
            if (folder / WEIGHTS).is_file():
                return folder
        except (OSError, ValueError):  # no path at all
            continue
    raise ModelNotFound(
        sentence("model.not_found", model=str(model), known=", ".join(["default", *shipped()]))
    )


def write(
    folder: Path,
    network: MultimodalBigModel,
    tools: Mapping[str, Any],
    facts: dict[str, Any],
    trust: TrustTables | None = None,
) -> ModelIdentity:
    """Write a model folder; ``facts`` are further entries of its card."""
    folder.mkdir(parents=True, exist_ok=True)
    config = network.config
    card = {"name": config.name, "version": config.version} | facts
    card.pop("sha256", None)  # checksums.json holds them
    files = {WEIGHTS: save(to_store(network))}
    files[CONFIG] = config.model_dump_json(indent=2).encode("utf-8")
    for modality in config.modalities:
        branch = branch_of(modality)
        card |= branch.facts(config.of(modality))
        files |= branch.tool_files(tools.get(modality))
    if trust is not None:
        files[TRUST] = trust.to_bytes()
    (folder / TRUST).unlink(missing_ok=True)
    files[CARD] = json.dumps(card, indent=2).encode("utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return ModelIdentity(config.name, config.version, sign(folder)[WEIGHTS])


def read(model: str | Path) -> LoadedModel:
    """Load a model by name or folder.

    Raises
    ------
    ModelNotFound, ModelTampered, ModelError
    """
    folder = find(model)
    held = take_all(folder)
    missing = [name for name in (CONFIG, CARD) if name not in held]
    if missing:
        raise ModelError(sentence("model.incomplete", model=folder.name, file=missing[0]))

    def called(name: str) -> Sentence:
        return sentence("model.file", file=name, model=folder.name)

    facts = parse_facts(held[CARD], folder.name)
    try:
        config = ModelConfig.parse(read_json(held[CONFIG], called(CONFIG)), strict=True)
        network = _made(config, len(held[WEIGHTS]), called(WEIGHTS))
    except ConfigError as exc:
        raise ModelError(
            sentence("model.unusable", file=called(CONFIG), reason=exc.sentence)
        ) from exc
    if (facts["name"], facts["version"]) != (config.name, config.version):
        raise ModelError(sentence("model.other_card", file=called(CARD), config=CONFIG))
    for modality in config.modalities:
        _check_facts(branch_of(modality).facts(config.of(modality)), facts, folder.name)
    fill(network, held[WEIGHTS], called(WEIGHTS))
    network.eval().requires_grad_(False)
    tools = {
        m: branch_of(m).tool(held, config.of(m), network.encoders[m], folder.name)
        for m in config.modalities
    }
    trust = None
    if TRUST in held:
        trust = TrustTables.from_bytes(held[TRUST], config, called(TRUST))
    _try(network, folder.name)
    identity = ModelIdentity(config.name, config.version, checksum(held[WEIGHTS]))
    return LoadedModel(network, tools, identity, folder, trust)


def _check_facts(wanted: Mapping[str, Any], facts: Mapping[str, Any], model: str) -> None:
    """Raises ModelError where the card says otherwise than the branches here."""
    for key, value in wanted.items():
        if facts.get(key) != value:
            tool = name_of("tool", key.removesuffix("_sha256"))
            raise ModelError(sentence("model.other_tool", model=model, tool=tool))


BUILDING = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError,
    RuntimeError, TypeError, ValueError,
)  # fmt: skip


def _made(config: ModelConfig, stored: int, weights: str) -> MultimodalBigModel:
    """The network of ``config``, unless it takes far more memory than the weights it shall hold.

    Raises
    ------
    ModelError, ConfigError
    """
    refusal = sentence("model.larger_net", file=weights)
    try:
        with Allowance(3 * stored + ROOM, refusal):
            return MultimodalBigModel(config)
    except BUILDING as exc:  # what the libraries say of settings that no net can have
        raise ConfigError(sentence("model.no_net")) from exc


@torch.inference_mode()
def _try(network: MultimodalBigModel, model: str) -> None:
    """Read a blank case. Raises ModelError where that fails or gives no finite number."""
    config = network.config
    parts = {m: branch_of(m).blank(config.of(m)) for m in config.modalities}
    present = torch.ones(1, len(parts), dtype=torch.bool)
    try:
        logits = network(Inputs(present, parts))
    except BUILDING as exc:
        raise ModelError(sentence("model.cannot_read", model=model)) from exc
    if not bool(logits.isfinite().all()):
        raise ModelError(sentence("model.not_finite", model=model))
