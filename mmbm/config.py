"""Settings: what a model is made of, how it is trained, and how much input is taken.

TOML or JSON plus these classes; an unknown key is an error that lists the valid ones.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmbm.case import MODALITIES, Modality
from mmbm.errors import ConfigError

__all__ = [
    "AudioConfig",
    "ImageConfig",
    "Limits",
    "ModelConfig",
    "NotesConfig",
    "TrainConfig",
]


class Settings(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read TOML or JSON by its suffix. Raises ConfigError naming the key at fault."""
        try:
            content = path.read_text(encoding="utf-8")
            raw = tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
        except (OSError, ValueError) as exc:
            raise ConfigError(f"{path.name} could not be read as TOML or JSON.") from exc
        return cls.parse(raw)

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Self:
        try:
            return cls.model_validate(raw)
        except ValidationError as exc:
            first = exc.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                valid = ", ".join(_keys_at(cls, first["loc"][:-1]))
                raise ConfigError(f"Unknown setting '{key}'; valid here: {valid}.") from exc
            raise ConfigError(f"Setting '{key}': {first['msg']}.") from exc


def _keys_at(cls: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        inner = cls.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        cls = inner
    return list(cls.model_fields)


class Limits(Settings):
    """How much of an upload is read at all; checked before decoding."""

    file_bytes: int = 64 * 2**20
    pixels: int = 64_000_000  # rows x columns of one frame
    frames: int = 512
    audio_seconds: float = 600.0
    notes_characters: int = 200_000
    pages: int = 200
    decode_seconds: float = 30.0  # wall clock, of the child process
    decode_memory: int = 3 * 2**30  # bytes of address space the child may take


class ImageConfig(Settings):
    """The image branch."""

    backbone: str = "tf_efficientnet_lite0"  # any timm name, or "torchvision/" and one of its names
    feature_level: int = 3  # which feature map: 3 = stride 16
    size: int = Field(default=224, ge=32, le=1024)  # pixels a side
    lungs: bool = False  # cut the film out around its lungs and take features from them alone
    cycles: float = Field(default=0.0, ge=0.0)  # over the film: level its spectrum up to there


class NotesConfig(Settings):
    """The notes branch."""

    vocabulary: int = 4000  # entries of the tokeniser
    embedding: int = 300
    hidden: int = 128  # units a direction
    layers: int = 2
    max_tokens: int = 512
    unknown: int = 1  # number of the tokeniser's unknown token
    encoder: str = "gru"  # or the folder of a net of Hugging Face transformers (extra "hf")
    transformer: dict[str, Any] | None = None  # that net's own config, copied from the folder


class AudioConfig(Settings):
    """The audio branch."""

    mels: int = 64
    window: int = 512  # samples, 32 ms
    hop: int = 256  # samples, 16 ms
    low_hz: float = 50.0
    high_hz: float = 2000.0  # lung sounds end below; so does what many stethoscopes record
    channels: tuple[int, ...] = (16, 32, 64, 128)
    max_seconds: float = 30.0


class ModelConfig(Settings):
    """What the network is made of; stored beside the weights."""

    name: str = "untitled"
    version: str = "0.0.0"
    features: int = 128  # d, the width all modalities share
    modalities: tuple[Modality, ...] = Field(default=MODALITIES, min_length=1)  # that it reads
    fusion: Literal["weighted_sum", "gated", "concat"] = "weighted_sum"
    image: ImageConfig = ImageConfig()
    notes: NotesConfig = NotesConfig()
    audio: AudioConfig = AudioConfig()
    findings: tuple[str, ...] = ("pneumonia", "no_finding")
    sound_events: tuple[str, ...] = (
        "normal",
        "wheezing",
        "fine_crackles",
        "coarse_crackles",
        "rhonchi",
        "pleural_rub",
    )


class TrainConfig(Settings):
    """One training run."""

    model: ModelConfig = ModelConfig()
    start_from: str | None = None  # a model whose weights, parts and tokeniser the run begins with
    retokenise: bool = False  # but fit the tokeniser to this run's notes
    leave_out: tuple[str, ...] = ()  # sources whose every case is kept for testing
    seed: int = 0
    epochs: int = Field(default=10, ge=1)
    batch: int = Field(default=32, ge=2)
    learning_rate: float = 1e-3
    image_learning_rate: float = 3e-4  # the backbone starts from pretrained weights
    weight_decay: float = 1e-2
    label_smoothing: float = Field(default=0.05, ge=0.0, lt=0.5)
    loss_weights: dict[str, float] = {}  # of findings in the loss; 1 where not named
    balance: Literal["none", "source+label", "source+label+view"] = "source+label"
    image_weights: Literal["imagenet", "none"] = "imagenet"
    frozen_stages: int = 2  # first stages of a pretrained backbone that are not trained
    crop_seconds: float = 6.0  # of sound, at random, in training
    mixup: float = Field(default=0.0, ge=0.0)  # Beta(a, a) of films blended across sources; 0: none
    opacities: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of films without pneumonia, how many get an opacity drawn in and then count as pneumonia."""
    crackles: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of recordings of crackles, how many give way to one without that has crackles drawn in."""
    localise: float = Field(default=0.0, ge=0.0)
    """Weight of the loss that asks for the evidence of what was drawn where, or when, it was."""
    freeze: tuple[Modality | Literal["head"], ...] = ()  # encoders, or fusion and head, that stay
    ema: float = Field(default=0.0, ge=0.0, lt=1.0)  # decay of the weights' moving average; 0: none
    patience: int = Field(default=0, ge=0)  # epochs without a better val score; 0: run them all
    workers: int = Field(default=1, ge=0)  # processes that prepare batches; 0: the training one
    threads: int = 0  # of each process; 0: the cores that the workers leave
