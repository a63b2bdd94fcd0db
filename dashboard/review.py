"""A case as the Review page draws it: its analysis, the scales of its maps, its sound."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.analysis import Analysis, analyse
from mmbm.branches.audio.prepare import log_mel
from mmbm.case import SAMPLE_RATE, Case
from mmbm.model.config import ModelConfig
from mmbm.predict import Predictor

__all__ = ["Review", "review"]


@dataclass(frozen=True, eq=False)
class Review:
    """Everything the Review page draws but the film; what takes long is made when first drawn."""

    analysis: Analysis  # at the standard level, as calibrated

    @property
    def config(self) -> ModelConfig:
        return self.analysis.predictor.config

    @cached_property
    def decibels(self) -> NDArray[np.float32] | None:
        """The recording as the model hears it, (mels, frames); None where it hears none."""
        audio = self.analysis.case.audio
        if audio is None or "audio" not in self.config.modalities:
            return None
        return log_mel(audio, self.config.audio)

    @cached_property
    def playback(self) -> bytes:
        """The recording as a WAV file of 16 bits; empty where there is none."""
        audio = self.analysis.case.audio
        return b"" if audio is None else wav(audio.waveform)

    @property
    def image_scale(self) -> float:
        """The largest share of a cell over all findings, in logits."""
        return max((float(np.abs(of).max()) for of in self._maps("image")), default=0.0)

    @property
    def word_scale(self) -> float:
        """The largest share of a word over all findings, in logits."""
        return max((abs(w.share) for of in self._maps("notes") for w in of), default=0.0)

    @property
    def moment_scale(self) -> float:
        """The largest share of a time step over all findings, in logits."""
        sounds = self._maps("audio")
        return max((float(np.abs(of.sum(axis=0)).max()) for of in sounds), default=0.0)

    def _maps(self, modality: str) -> list[Any]:
        """One part's map of every finding; none where it is absent."""
        found = (of.values(modality) for of in self.analysis.maps)
        return [of for of in found if of is not None]


def review(predictor: Predictor, case: Case) -> Review:
    """Run the model and account for what it says; the maps come later."""
    analysis = analyse(case, predictor)
    _ = analysis.accounts, analysis.judgement  # while the page says that it works
    return Review(analysis)


def wav(waveform: NDArray[np.float32]) -> bytes:
    """(n_samples,) in [-1, 1] at 16 kHz -> a WAV file of 16 bits."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(waveform, -1, 1) * 32767).astype("<i2").tobytes())
    return packed.getvalue()
