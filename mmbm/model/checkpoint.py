"""A model as a folder: config.json, tokenizer.json, model.safetensors, card.json, checksums.json.

Beside them may lie trust.safetensors; without it a model works, but its shift and its conformal
answers are not assessed. ``checksums.json`` holds the sha256 of every file; one that differs from
it is refused, and so is one whose content is not what it should be, before anything large is made
of it. Weights of two or more dimensions are stored as float16, all else as float32. No pickle is
read or written, and nothing is fetched.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from tokenizers import Tokenizer

from mmbm.case import SAMPLE_RATE
from mmbm.config import ModelConfig
from mmbm.errors import ConfigError, ModelError, ModelNotFound
from mmbm.model.assets import assets_folder
from mmbm.model.facts import CARD, parse_facts
from mmbm.model.folder import checksum, read_json, sign, take_all
from mmbm.model.lungs import lung_digest
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.model.tables import TrustTables
from mmbm.model.tokenizer import read_tokenizer
from mmbm.model.weights import Allowance, fill, to_store

__all__ = [
    "DEFAULT_MODEL",
    "WEIGHTS",
    "LoadedModel",
    "ModelIdentity",
    "assets_folder",
    "find",
    "read",
    "shipped",
    "sign",
    "write",
]

DEFAULT_MODEL = "chest-base"
WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
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
    tokenizer: Tokenizer
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
        f"No model '{model}': give a folder with model.safetensors, or one of: "
        f"{', '.join(['default', *shipped()])}."
    )


def write(
    folder: Path,
    network: MultimodalBigModel,
    tokenizer: Tokenizer,
    facts: dict[str, Any],
    trust: TrustTables | None = None,
) -> ModelIdentity:
    """Write a model folder; ``facts`` are further entries of its card."""
    folder.mkdir(parents=True, exist_ok=True)
    config = network.config
    card = {"name": config.name, "version": config.version} | facts
    card.pop("sha256", None)  # checksums.json holds them
    if config.image.lungs:
        card["lung_finder_sha256"] = lung_digest()
    (folder / WEIGHTS).write_bytes(save(to_store(network)))
    (folder / CONFIG).write_text(config.model_dump_json(indent=2), encoding="utf-8")
    (folder / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    (folder / TRUST).unlink(missing_ok=True)
    if trust is not None:
        (folder / TRUST).write_bytes(trust.to_bytes())
    (folder / CARD).write_text(json.dumps(card, indent=2), encoding="utf-8")
    return ModelIdentity(config.name, config.version, sign(folder)[WEIGHTS])


def read(model: str | Path) -> LoadedModel:
    """Load a model by name or folder.

    Raises
    ------
    ModelNotFound, ModelTampered, ModelError
    """
    folder = find(model)
    held = take_all(folder)
    missing = [name for name in (CONFIG, TOKENIZER, CARD) if name not in held]
    if missing:
        raise ModelError(f"The model '{folder.name}' is incomplete: it has no {missing[0]}.")

    def called(name: str) -> str:
        return f"{name} of the model '{folder.name}'"

    facts = parse_facts(held[CARD], folder.name)
    try:
        config = ModelConfig.parse(read_json(held[CONFIG], called(CONFIG)), strict=True)
        network = _made(config, len(held[WEIGHTS]), called(WEIGHTS))
        if (config.notes.encoder == "gru") != (config.notes.transformer is None):
            raise ConfigError("notes.encoder and notes.transformer do not go together.")
    except ConfigError as exc:
        raise ModelError(f"{called(CONFIG)} cannot be used: {exc}") from exc
    if (facts["name"], facts["version"]) != (config.name, config.version):
        raise ModelError(f"{called(CARD)} describes another model than {CONFIG}.")
    if config.image.lungs and facts.get("lung_finder_sha256") != lung_digest():
        raise ModelError(
            f"The model '{folder.name}' was trained with another lung finder than the one here."
        )
    fill(network, held[WEIGHTS], called(WEIGHTS))
    network.eval().requires_grad_(False)
    tokenizer = read_tokenizer(held[TOKENIZER], called(TOKENIZER), network.tokens, config.notes)
    trust = None
    if TRUST in held:
        trust = TrustTables.from_bytes(held[TRUST], config, called(TRUST))
    _try(network, folder.name)
    identity = ModelIdentity(config.name, config.version, checksum(held[WEIGHTS]))
    return LoadedModel(network, tokenizer, identity, folder, trust)


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
    refusal = f"{weights} does not fit: config.json asks for a far larger net."
    try:
        with Allowance(3 * stored + ROOM, refusal):
            return MultimodalBigModel(config)
    except BUILDING as exc:  # what the libraries say of settings that no net can have
        raise ConfigError("no net can be built from its settings.") from exc


@torch.inference_mode()
def _try(network: MultimodalBigModel, model: str) -> None:
    """Read a blank case. Raises ModelError where that fails or gives no finite number."""
    image, planes = network.config.image, 2 if network.config.image.lungs else 1
    blank = Inputs(
        present=torch.ones(1, 3, dtype=torch.bool),
        film=torch.ones(1, planes, image.size, image.size),
        tokens=torch.ones(1, 1, dtype=torch.int64),
        lengths=torch.ones(1, dtype=torch.int64),
        waveform=torch.linspace(-1, 1, SAMPLE_RATE)[None],
    )
    try:
        logits = network(blank)
    except BUILDING as exc:
        raise ModelError(
            f"The model '{model}' cannot read a case: its settings do not go together."
        ) from exc
    if not bool(logits.isfinite().all()):
        raise ModelError(f"The model '{model}' gives no finite number: its weights are damaged.")
