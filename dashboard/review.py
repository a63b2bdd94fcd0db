"""A case seen by the model: the prediction with its ledgers, maps and display film, made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.viewer import Film, develop
from mmbm.case import Case
from mmbm.config import ModelConfig
from mmbm.explain.ledger import Ledger, ledger
from mmbm.explain.maps import EvidenceMaps, finer_maps
from mmbm.inputs import log_mel
from mmbm.predict import Prediction, Predictor
from mmbm.trust.lungs import Lungs, in_case

__all__ = ["Review", "review"]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Everything the Review page draws."""

    case: Case
    config: ModelConfig
    prediction: Prediction
    ledgers: tuple[Ledger, ...]
    maps: tuple[EvidenceMaps, ...]  # beside ``ledgers``
    film: Film | None
    lungs: Lungs | None
    decibels: NDArray[np.float32] | None  # (mels, frames)

    def index(self, finding: str) -> int:
        return [account.finding for account in self.ledgers].index(finding)

    @property
    def image_scale(self) -> float:
        """The largest share of a cell over all findings, in logits."""
        return max(
            (float(np.abs(m.image).max()) for m in self.maps if m.image is not None), default=0.0
        )

    @property
    def word_scale(self) -> float:
        """The largest share of a word over all findings, in logits."""
        return max((abs(w.share) for m in self.maps for w in m.words or ()), default=0.0)

    @property
    def moment_scale(self) -> float:
        """The largest share of a time step over all findings, in logits."""
        return max(
            (float(np.abs(m.audio.sum(axis=0)).max()) for m in self.maps if m.audio is not None),
            default=0.0,
        )


def review(predictor: Predictor, case: Case) -> Review:
    """Run the model and read the account and all maps."""
    prediction = predictor.predict(case)
    return Review(
        case=case,
        config=predictor.config,
        prediction=prediction,
        ledgers=ledger(prediction),
        maps=finer_maps(predictor, prediction),
        film=develop(case.image) if case.image is not None else None,
        lungs=in_case(prediction),
        decibels=log_mel(case.audio, predictor.config.audio) if case.audio is not None else None,
    )
