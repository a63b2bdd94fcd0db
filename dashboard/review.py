"""A case as the Review page draws it: its analysis, the scales of its maps, its sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dashboard.listener.payload import Stretch, clipped, identity, pack, silent
from mmbm.analysis import Analysis, analyse
from mmbm.branches.audio.prepare import SoundEvidence
from mmbm.case import Case
from mmbm.explain.events import event_maps
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
    def recording(self) -> bytes:
        """The recording as its panel takes it; empty where there is none, or no model hears it."""
        audio = self.analysis.case.audio
        heard = audio is not None and "audio" in self.config.modalities
        return pack(audio) if audio is not None and heard else b""

    @cached_property
    def recording_id(self) -> str:
        """Changes with the recording; empty where there is none."""
        audio = self.analysis.case.audio
        return "" if audio is None else identity(audio)

    @cached_property
    def clipped(self) -> list[Stretch]:
        """Where the recording is clipped, in seconds."""
        audio = self.analysis.case.audio
        return [] if audio is None else clipped(audio)

    @cached_property
    def silent(self) -> list[Stretch]:
        """Where the recording is silent, in seconds."""
        audio = self.analysis.case.audio
        return [] if audio is None else silent(audio)

    @cached_property
    def sound_events(self) -> dict[str, SoundEvidence]:
        """When each event of the sound branch was told, by its name."""
        found = event_maps(self.analysis.predictor, self.analysis.prediction)
        return {m.name: m.evidence for m in found if isinstance(m.evidence, SoundEvidence)}

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
