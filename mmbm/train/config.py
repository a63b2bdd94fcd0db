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
    """What is trained."""
    start_from: str | None = None
    """A model whose weights, branches and tokeniser the run begins with."""
    retokenise: bool = False
    """With `start_from`: fit the tokeniser to this run's notes all the same."""
    leave_out: tuple[str, ...] = ()
    """Sources whose every case is kept for testing."""
    seed: int = 0
    """Of the first weights, the batches and what is drawn for them."""
    epochs: int = Field(default=10, ge=1)
    """Passes over as many cases as the train split has."""
    batch: int = Field(default=32, ge=2)
    """Cases in one step, over all processes."""
    learning_rate: float = 1e-3
    """Highest rate; it rises over the first twentieth of the steps and falls along half a
    cosine."""
    image_learning_rate: float = 3e-4
    """The same for a pretrained backbone."""
    weight_decay: float = 1e-2
    """Of AdamW."""
    label_smoothing: float = Field(default=0.05, ge=0.0, lt=0.5)
    """How far labels are moved from 0 and 1 in the loss."""
    loss_weights: dict[str, float] = Field(default={})
    """Weights of findings in the loss; 1 where not named."""
    balance: Literal["none", "source+label", "source+label+view"] = "source+label"
    """What is drawn equally often: every source with every label of the first finding; the
    views in them too; or nothing."""
    image_weights: Literal["imagenet", "none"] = "imagenet"
    """What the backbone starts from; `imagenet` needs the extra `train`."""
    frozen_stages: int = 2
    """First stages of a pretrained backbone that are not trained."""
    crop_seconds: float = 6.0
    """Seconds of a recording, at a random place, in training."""
    mixup: float = Field(default=0.0, ge=0.0)
    """X-rays of one label are blended across sources by Beta(a, a); 0: none."""
    opacities: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of X-rays without pneumonia, how many get an opacity drawn in and then count as
    pneumonia."""
    overlay: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of recordings whose events are known, how many are laid over another such one."""
    localise: float = Field(default=0.0, ge=0.0)
    """Weight of the loss that asks for evidence where the manifest's boxes are, when its events
    sound, and where an opacity was drawn in."""
    freeze: tuple[str, ...] = ()
    """Encoders that stay as they are, by modality; `"head"`: fusion and head."""
    ema: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Decay of the weights' moving average; 0: none."""
    patience: int = Field(default=0, ge=0)
    """Epochs without a better val score until the run stops; 0: run them all."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """What the encoders compute in; weights, features and losses stay float32. `auto`: bfloat16
    on a CUDA GPU that has it, else float32."""
    compile: bool = False
    """Whether `torch.compile` makes the encoders faster; it needs a C++ compiler and a minute."""
    workers: int = Field(default=1, ge=0)
    """Processes that prepare batches; 0: the training process does."""
    threads: int = 0
    """Of each process; 0: the cores that the workers leave."""
