"""Settings of one training run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmbm.config import Settings
from mmbm.model.config import ModelConfig

__all__ = ["TrainConfig"]


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
    loss_weights: dict[str, float] = Field(default={})  # of findings in the loss; others: 1
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
    freeze: tuple[str, ...] = ()  # encoders, or fusion and head, that stay
    ema: float = Field(default=0.0, ge=0.0, lt=1.0)  # decay of the weights' moving average; 0: none
    patience: int = Field(default=0, ge=0)  # epochs without a better val score; 0: run them all
    workers: int = Field(default=1, ge=0)  # processes that prepare batches; 0: the training one
    threads: int = 0  # of each process; 0: the cores that the workers leave
