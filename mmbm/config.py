"""Settings: what a model is made of, how it is trained, and how much input is taken.

TOML or JSON plus these classes; an unknown key is an error that lists the valid ones.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from mmbm.case import MODALITIES, SAMPLE_RATE, Modality
from mmbm.errors import ConfigError

__all__ = [
    "POOR_QUALITY",
    "AudioConfig",
    "ImageConfig",
    "Limits",
    "ModelConfig",
    "NotesConfig",
    "TrainConfig",
]


Item = TypeVar("Item")
BACKBONE = re.compile(r"(torchvision/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
POOR_QUALITY = "poor_quality"  # the sound event that is no event: the recording cannot be judged
SPECTRA = 2**28  # values of one stage over the longest recording: a gigabyte
# nets of Hugging Face transformers that read notes; each is built from its settings alone
TRANSFORMERS = (
    "albert", "bert", "big_bird", "camembert", "data2vec-text", "deberta", "deberta-v2",
    "distilbert", "electra", "ernie", "longformer", "megatron-bert", "mobilebert", "modernbert",
    "mpnet", "nystromformer", "roberta", "roformer", "squeezebert", "xlm-roberta", "xmod",
)  # fmt: skip


def _distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(set(items)) < len(items):
        raise ValueError("each may be named once")
    return items


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a name is one line without spaces at its ends")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Names = Annotated[
    tuple[Name, ...], Field(min_length=1, max_length=256), FailFast(), AfterValidator(_distinct)
]


class Settings(BaseModel):
    """A frozen group of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

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
    def parse(cls, raw: dict[str, Any], *, strict: bool = False) -> Self:
        """From TOML or JSON as read; ``strict`` takes a number for a number only, not its text."""
        try:
            if strict:
                return cls.model_validate_json(json.dumps(raw), strict=True)
            return cls.model_validate(raw)
        except ValidationError as exc:
            first = exc.errors()[0]
            key = " ".join(".".join(str(part) for part in first["loc"]).split())[:100]
            if first["type"] == "extra_forbidden":
                valid = ", ".join(_keys_at(cls, first["loc"][:-1]))
                raise ConfigError(f"Unknown setting '{key}'; valid here: {valid}.") from exc
            said = first["msg"].removeprefix("Value error, ")
            raise ConfigError(f"Setting '{key}': {said}.") from exc


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
    feature_level: int = Field(default=3, ge=0, le=7)  # which feature map: 3 = stride 16
    size: int = Field(default=224, ge=32, le=1024)  # pixels a side
    lungs: bool = False  # cut the film out around its lungs and take features from them alone
    cycles: float = Field(default=0.0, ge=0.0, le=1024.0)  # over the film: level its spectrum to it
    greys: Literal["shown", "stored"] = "shown"
    """Read what is shown, by the rank of its greys; or the values stored, borders cut off."""

    @field_validator("backbone")
    @classmethod
    def _at_hand(cls, name: str) -> str:
        """A library's own name: one with a colon or a slash would be fetched from elsewhere."""
        if not BACKBONE.fullmatch(name):
            raise ValueError(
                "give a name of timm.list_models(), or 'torchvision/' and a name of "
                "torchvision.models.list_models(); nothing is fetched from elsewhere"
            )
        return name

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        if self.greys == "stored" and (self.lungs or self.cycles):
            raise ValueError("greys = 'stored' reads the whole film: set lungs = false, cycles = 0")
        return self


class NotesConfig(Settings):
    """The notes branch."""

    vocabulary: int = Field(default=4000, ge=2, le=500_000)  # entries of the tokeniser
    embedding: int = Field(default=300, ge=1, le=4096)
    hidden: int = Field(default=128, ge=1, le=4096)  # units a direction
    layers: int = Field(default=2, ge=1, le=8)
    max_tokens: int = Field(default=512, ge=1, le=16_384)
    unknown: int = Field(default=1, ge=0)  # number of the tokeniser's unknown token
    # "gru", or the folder of a net of Hugging Face transformers (extra "hf")
    encoder: str = Field(default="gru", min_length=1, max_length=4096)
    transformer: dict[str, Any] | None = None  # that net's own config, copied from the folder

    @field_validator("transformer")
    @classmethod
    def _of_notes(cls, about: dict[str, Any] | None) -> dict[str, Any] | None:
        if about is None:
            return None
        if about.get("model_type") not in TRANSFORMERS:
            raise ValueError(f"model_type is one of {', '.join(TRANSFORMERS)}")
        for key, value in about.items():
            if ("layers" in key or "group" in key) and isinstance(value, int) and value > 100:
                raise ValueError(f"{key} is 100 at most")
        return about


class AudioConfig(Settings):
    """The audio branch."""

    mels: int = Field(default=64, ge=1, le=512)
    window: int = Field(default=512, ge=64, le=8192)  # samples, 32 ms
    hop: int = Field(default=256, ge=32, le=8192)  # samples, 16 ms
    low_hz: float = Field(default=50.0, ge=0.0)
    # lung sounds end below; so does what many stethoscopes record
    high_hz: float = Field(default=2000.0, le=SAMPLE_RATE / 2)
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2048)], ...],
        Field(min_length=1, max_length=8),
        FailFast(),
    ] = (16, 32, 64, 128)
    max_seconds: float = Field(default=30.0, ge=1.0, le=600.0)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.low_hz >= self.high_hz:
            raise ValueError("low_hz lies below high_hz")
        frames = self.max_seconds * SAMPLE_RATE / self.hop
        widest = max(width / 4**stage for stage, width in enumerate(self.channels))
        if frames * self.mels * widest > SPECTRA:
            raise ValueError("mels, channels and max_seconds together take too much memory")
        return self


class ModelConfig(Settings):
    """What the network is made of; stored beside the weights."""

    name: Name = "untitled"
    version: Name = "0.0.0"
    features: int = Field(default=128, ge=1, le=4096)  # d, the width all modalities share
    modalities: Annotated[  # that it reads
        tuple[Modality, ...], Field(min_length=1), FailFast(), AfterValidator(_distinct)
    ] = MODALITIES
    fusion: Literal["weighted_sum", "gated", "concat"] = "weighted_sum"
    image: ImageConfig = ImageConfig()
    notes: NotesConfig = NotesConfig()
    audio: AudioConfig = AudioConfig()
    findings: Names = ("pneumonia", "no_finding")
    sound_events: Names = (
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
    overlay: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of recordings whose events are known, how many are laid over another such one."""
    localise: float = Field(default=0.0, ge=0.0)
    """Weight of the loss that asks for evidence where the manifest's boxes are, when its events
    sound, and where an opacity was drawn in."""
    freeze: tuple[Modality | Literal["head"], ...] = ()  # encoders, or fusion and head, that stay
    ema: float = Field(default=0.0, ge=0.0, lt=1.0)  # decay of the weights' moving average; 0: none
    patience: int = Field(default=0, ge=0)  # epochs without a better val score; 0: run them all
    workers: int = Field(default=1, ge=0)  # processes that prepare batches; 0: the training one
    threads: int = 0  # of each process; 0: the cores that the workers leave
