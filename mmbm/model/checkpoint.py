"""A model as a folder: config.json, tokenizer.json, model.safetensors, card.json.

Beside them may lie trust.safetensors; without it a model works, but its shift and its conformal
answers are not assessed. The card holds the sha256 of the other files; a file that differs from it
is refused. Weights of two or more dimensions are stored as float16, all else as float32. No pickle
is read or written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from tokenizers import Tokenizer

from mmbm.config import ModelConfig
from mmbm.errors import ModelError, ModelNotFound, ModelTampered
from mmbm.model.assets import assets_folder
from mmbm.model.lungs import lung_digest
from mmbm.model.network import MultimodalBigModel
from mmbm.model.tables import TrustTables

__all__ = [
    "DEFAULT_MODEL",
    "LoadedModel",
    "ModelIdentity",
    "assets_folder",
    "find",
    "read",
    "shipped",
    "write",
]

DEFAULT_MODEL = "chest-base"
HASHED = ("model.safetensors", "config.json", "tokenizer.json")
TRUST = "trust.safetensors"


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
        if (folder / "model.safetensors").is_file():
            return folder
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
    weights = {
        name: (t.half() if t.ndim >= 2 and t.is_floating_point() else t).contiguous().cpu()
        for name, t in network.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(network.config.model_dump_json(indent=2), encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    (folder / TRUST).unlink(missing_ok=True)
    if trust is not None:
        (folder / TRUST).write_bytes(trust.to_bytes())
    written = (*HASHED, TRUST) if trust is not None else HASHED
    hashes = {name: _sha256((folder / name).read_bytes()) for name in written}
    config = network.config
    card = {"name": config.name, "version": config.version, "sha256": hashes} | facts
    if config.image.lungs:
        card["lung_finder_sha256"] = lung_digest()
    (folder / "card.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
    return ModelIdentity(config.name, config.version, hashes["model.safetensors"])


def read(model: str | Path) -> LoadedModel:
    """Load a model by name or folder.

    Raises
    ------
    ModelNotFound, ModelTampered, ModelError
    """
    folder = find(model)
    try:
        content = {name: (folder / name).read_bytes() for name in HASHED}
        if (folder / TRUST).exists():
            content[TRUST] = (folder / TRUST).read_bytes()
        card = json.loads((folder / "card.json").read_bytes())
        expected = card["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(
            f"The model folder '{folder.name}' is incomplete; it needs {', '.join(HASHED)} "
            "and card.json."
        ) from exc
    described = expected if isinstance(expected, dict) else {}
    for name in sorted({*content, *described}):
        if name not in content or described.get(name) != _sha256(content[name]):
            raise ModelTampered(
                f"{name} of the model '{folder.name}' is not the file its card describes; "
                "get the model again from where it came."
            )
    config = ModelConfig.parse(json.loads(content["config.json"]))
    if config.image.lungs and card.get("lung_finder_sha256") != lung_digest():
        raise ModelError(
            f"The model '{folder.name}' was trained with another lung finder than the one here."
        )
    network = MultimodalBigModel(config)
    try:
        weights = {
            name: t.float() if t.is_floating_point() else t
            for name, t in load(content["model.safetensors"]).items()
        }
        network.load_state_dict(weights)
        tokenizer = Tokenizer.from_str(content["tokenizer.json"].decode("utf-8"))
    except (SafetensorError, RuntimeError, ValueError) as exc:
        raise ModelError(
            f"The weights of the model '{folder.name}' do not fit its config.json."
        ) from exc
    network.eval().requires_grad_(False)
    identity = ModelIdentity(config.name, config.version, described["model.safetensors"])
    trust = TrustTables.from_bytes(content[TRUST]) if TRUST in content else None
    return LoadedModel(network, tokenizer, identity, folder, trust)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
