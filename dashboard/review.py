"""A case as the Review page draws it: its analysis, the film for the screen, the scales of maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.viewer import Film, develop
from mmbm.analysis import Analysis, analyse
from mmbm.branches.audio.prepare import log_mel
from mmbm.case import Case
from mmbm.model.config import ModelConfig
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
    """Run the model and read the account and all maps."""
    analysis = analyse(case, predictor)
    _ = analysis.accounts, analysis.maps  # while the page says that it works
    return Review(
        analysis=analysis,
        film=develop(case.image) if case.image is not None else None,
        decibels=_decibels(case, predictor.config),
    )


def _decibels(case: Case, config: ModelConfig) -> NDArray[np.float32] | None:
    """The recording as the model hears it; None where it hears none."""
    if case.audio is None or "audio" not in config.modalities:
        return None
    return log_mel(case.audio, config.audio)
