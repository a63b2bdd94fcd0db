"""Settings of the sound branch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import FailFast, Field, model_validator

from mmbm.case import SAMPLE_RATE
from mmbm.config import Names, NetSettings
from mmbm.text import sentence

__all__ = ["POOR_QUALITY", "AudioConfig"]

POOR_QUALITY = "poor_quality"  # the sound event that is no event: the recording cannot be judged
SPECTRA = 2**28  # values of one stage over the longest recording: a gigabyte


class AudioConfig(NetSettings):
    """The audio branch."""

    families: ClassVar[tuple[str, ...]] = (
        "audio-spectrogram-transformer", "data2vec-audio", "hubert", "sew", "sew-d", "unispeech",
        "unispeech-sat", "wav2vec2", "wav2vec2-conformer", "wavlm", "whisper",
    )  # fmt: skip

    encoder: Literal["cnn", "transformers"] = "cnn"
    """`cnn`: a spectrogram and a small convolutional net, to which the next six settings belong;
    `transformers`: the net in `folder`, whose frames are the moments of the map."""
    mels: int = Field(default=64, ge=1, le=512)
    """Bands of the mel spectrogram."""
    window: int = Field(default=512, ge=64, le=8192)
    """Samples of one frame; 512 are 32 ms."""
    hop: int = Field(default=256, ge=32, le=8192)
    """Samples from frame to frame; 256 are 16 ms."""
    low_hz: float = Field(default=50.0, ge=0.0)
    """Lowest frequency that is read."""
    high_hz: float = Field(default=2000.0, le=SAMPLE_RATE / 2)
    """Highest frequency that is read; lung sounds end below 2,000 Hz, and so does what many
    stethoscopes record."""
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2048)], ...],
        Field(min_length=1, max_length=8),
        FailFast(),
    ] = (16, 32, 64, 128)
    """Channels of each convolutional stage."""
    max_seconds: float = Field(default=30.0, ge=1.0, le=600.0)
    """Seconds of a recording that are read; the rest is cut off and said."""
    events: Names = (
        "normal",
        "wheezing",
        "fine_crackles",
        "coarse_crackles",
        "rhonchi",
        "pleural_rub",
    )
    """Kinds of lung sound that the sound branch alone tells apart."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.low_hz >= self.high_hz:
            raise ValueError(sentence("config.hertz"))
        frames = self.max_seconds * SAMPLE_RATE / self.hop
        widest = max(width / 4**stage for stage, width in enumerate(self.channels))
        if frames * self.mels * widest > SPECTRA:
            raise ValueError(sentence("config.memory"))
        return self
