"""A net of Hugging Face transformers: read once from a local folder, then built from settings.

A run reads the folder; the model that it writes keeps the net's own settings in its config.json and
the weights among its own, so it needs the folder no more. Nothing is fetched, no code of a folder
is run, and no pickle is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from torch import Tensor

from mmbm.config import NetSettings
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = [
    "NORMALISED", "Opened", "built", "open_net", "parts_of", "pickled", "read_about",
    "transformers",
]  # fmt: skip

FAULTS = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError,
    RuntimeError, SafetensorError, TypeError, ValueError,
)  # fmt: skip
# of a net of two towers, the settings of the one that is read, and its kind
TOWERS = {
    "clip": ("vision_config", "clip_vision_model"),
    "siglip": ("vision_config", "siglip_vision_model"),
}
HALVES = ("whisper",)  # of these the encoder alone is read
# kept with the model under other names, or meaningless without the folder
LEFT_OUT = {
    "_name_or_path", "dtype", "torch_dtype", "id2label", "label2id", "architectures",
    "num_codevectors_per_group",
}  # fmt: skip
# what a net would do at random beside its dropout, or print
FIXED = {"apply_spec_augment": False, "layerdrop": 0.0, "use_cache": False}
PICKLES = ("pytorch_model", "open_clip_pytorch_model")
UNUSED = ("pooler", "masked_spec_embed", "mask_token", "head.", "classifier.")


NORMALISED = "do_normalize"  # of preprocessor_config.json: false where inputs stay as they are
UNNORMALISED = {"MobileViTImageProcessor", "MobileViTFeatureExtractor"}  # unless they say so


class Opened(NamedTuple):
    """What a folder holds."""

    about: dict[str, Any]  # the net's own settings, ``model_type`` among them
    weights: dict[str, Tensor]  # float32
    prepared: dict[str, Any]  # of preprocessor_config.json; empty where there is none
    config: Any  # the same settings as the library has them

    @property
    def normalised(self) -> bool:
        """Whether its makers normalised what they gave it; they did where nothing is said."""
        said = self.prepared.get(NORMALISED)
        if said is not None:
            return bool(said)
        kinds = ("image_processor_type", "feature_extractor_type")
        return not any(self.prepared.get(kind) in UNNORMALISED for kind in kinds)


def open_net(settings: NetSettings) -> Opened:
    """Read ``settings.folder``: config.json, safetensors, preprocessor_config.json. No download.

    Raises
    ------
    ConfigError
        The extra is missing, or the folder does not hold a net of a kind that the branch reads,
        with all its weights.
    """
    library, folder = transformers(), Path(settings.folder)
    about = read_about(folder, "config.json")
    if about is None or not any(folder.glob("*.safetensors")):
        raise ConfigError(pickled(folder) or sentence("encoder.folder", folder=folder.name))
    if not isinstance(about.get("model_type"), str):
        raise ConfigError(sentence("encoder.no_kind", folder=folder.name))
    tower, kind = TOWERS.get(str(about.get("model_type")), ("", str(about.get("model_type"))))
    own = about.get(tower) if tower else about
    if kind not in settings.families or not isinstance(own, dict):
        raise ConfigError(
            sentence(
                "encoder.family", folder=folder.name, kind=kind, valid=", ".join(settings.families)
            )
        )
    try:
        with _quiet(library), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # of weights that the folder lacks and nothing reads
            config = _config(kind, own)
            net, told = library.AutoModel.from_pretrained(
                folder,
                config=config,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
            kept: dict[str, Any] = json.loads(config.to_json_string(use_diff=True))
    except FAULTS as exc:
        raise ConfigError(sentence("encoder.folder", folder=folder.name)) from exc
    lacking = sorted(
        name for name in told["missing_keys"] if not any(part in name for part in UNUSED)
    )
    if lacking:
        raise ConfigError(sentence("encoder.weights", folder=folder.name, name=lacking[0][:100]))
    kept = {key: value for key, value in kept.items() if key not in LEFT_OUT}
    net = net.get_encoder() if kind in HALVES else net
    prepared = read_about(folder, "preprocessor_config.json") or {}
    return Opened(kept | {"model_type": kind}, net.state_dict(), prepared, net.config)


def built(about: Mapping[str, Any]) -> Any:
    """A net with fresh weights from its own settings alone; its dropout is as they say.

    Raises
    ------
    ConfigError
        The extra is missing, or no net can have such settings.
    """
    library = transformers()
    try:
        with _quiet(library):
            config = _config(str(about["model_type"]), about)
            if config.model_type in HALVES:
                from transformers.models.whisper.modeling_whisper import WhisperEncoder

                return WhisperEncoder(config)
            return library.AutoModel.from_config(config)
    except FAULTS as exc:
        raise ConfigError(sentence("model.no_net")) from exc


def parts_of(prefix: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by their names in the encoder."""
    return {f"{prefix}.{name}": weight for name, weight in weights.items()}


def read_about(folder: Path, name: str) -> dict[str, Any] | None:
    """A JSON object of a folder, None where there is none. Raises ConfigError."""
    try:
        if not (folder / name).is_file():
            return None
        about = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(sentence("encoder.json", folder=folder.name, file=name)) from exc
    if not isinstance(about, dict):
        raise ConfigError(sentence("encoder.json", folder=folder.name, file=name))
    return about


def pickled(folder: Path) -> str:
    """The sentence that a folder's weights are of a kind that may run code, "" where none are."""
    found = sorted(path.name for name in PICKLES for path in folder.glob(f"{name}*.bin"))
    return sentence("encoder.pickle", folder=folder.name, file=found[0]) if found else ""


def transformers() -> Any:
    """The library. Raises ConfigError where the extra is missing."""
    try:
        import transformers as library
    except ImportError as exc:
        raise ConfigError(sentence("encoder.extra")) from exc
    return library


def _config(kind: str, about: Mapping[str, Any]) -> Any:
    """The net's settings as the library has them: those of its kind alone.

    Others may name code, or weights to fetch.
    """
    make = transformers().AutoConfig.for_model
    known = set(make(kind).to_dict()) - LEFT_OUT - {"model_type"}
    own = {key: value for key, value in about.items() if key in known}
    return make(kind, **own | {key: value for key, value in FIXED.items() if key in known})


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """The library prints what it loads; what is wrong with it is said here."""
    log = library.utils.logging
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()
