"""A case as the Review page draws it: its analysis, the film for the screen, the scales of maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.viewer import Film, develop
from mmbm.analysis import Analysis, analyse
from mmbm.case import Case
from mmbm.config import ModelConfig
from mmbm.inputs import log_mel
from mmbm.predict import Predictor

__all__ = ["Review", "review"]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Everything the Review page draws."""

    analysis: Analysis  # at the standard level, as calibrated
    film: Film | None
    decibels: NDArray[np.float32] | None  # (mels, frames)

    @property
    def config(self) -> ModelConfig:
        return self.analysis.predictor.config

    @property
    def image_scale(self) -> float:
        """The largest share of a cell over all findings, in logits."""
        maps = self.analysis.maps
        return max((float(np.abs(m.image).max()) for m in maps if m.image is not None), default=0.0)

    @property
    def word_scale(self) -> float:
        """The largest share of a word over all findings, in logits."""
        return max((abs(w.share) for m in self.analysis.maps for w in m.words or ()), default=0.0)

    @property
    def moment_scale(self) -> float:
        """The largest share of a time step over all findings, in logits."""
        sounds = (m.audio for m in self.analysis.maps if m.audio is not None)
        return max((float(np.abs(sound.sum(axis=0)).max()) for sound in sounds), default=0.0)


def review(predictor: Predictor, case: Case) -> Review:
    """Run the model and read the account and all maps."""
    analysis = analyse(case, predictor)
    _ = analysis.accounts, analysis.maps  # while the page says that it works
    return Review(
        analysis=analysis,
        film=develop(case.image) if case.image is not None else None,
        decibels=log_mel(case.audio, predictor.config.audio) if case.audio is not None else None,
    )
