"""Shift: is a part of the case like those that the model learned from?

Every cue is a number that reaches 1 at its limit; the strangest cue counts, so a further one is
one more entry. Pictures and recordings: the Mahalanobis distance of the feature to the training
cases (nearest source's mean, one covariance shrunk after Ledoit & Wolf 2004), the limit being the
distance that one held-out part in a hundred passes, and three at least: of a few dozen recordings
the strangest would set it else. Notes: how many words the tokeniser does not know as a whole, how
many there are for each sign of the chest (:mod:`mmbm.trust.subject`), and the language. The
distance of a note's feature was tried and left: it told short notes from long ones, not foreign
from known.

Source: Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and
Adversarial Attacks, NeurIPS 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.case import MODALITIES, Modality
from mmbm.model.notes import Tokens
from mmbm.model.tables import Cloud, TrustTables
from mmbm.trust.lungs import LEAST
from mmbm.trust.subject import MOST_WORDS, words_per_sign

__all__ = ["Cue", "Shift", "cues_of_note", "distances", "nearest", "shift_of", "words_known"]

Cue = Literal["features", "words", "subject", "language", "lungs"]
LANGUAGE = 2.0  # the cue of a language that the model never learned: past every share of words
UNKNOWN_WORDS = 2 / 3  # the limit; in real English notes up to about six words in ten are unknown


@dataclass(frozen=True, slots=True)
class Shift:
    """How strange one part of a case is."""

    modality: Modality
    cue: Cue  # the strangest
    strangeness: float  # of that cue; 1 at the limit
    percentile: float  # 0 to 100: how many held-out parts are less strange; NaN where unknown

    @property
    def flagged(self) -> bool:
        """Past the limit."""
        return self.strangeness > 1.0


def distances(cloud: Cloud, features: Tensor) -> Tensor:
    """Mahalanobis distances, (n, d) features -> (n, centres) float64."""
    apart = features.double()[:, None] - cloud.centres.double()
    square = torch.einsum("nkd,de,nke->nk", apart, cloud.precision.double(), apart)
    return square.clamp(min=0.0).sqrt()


def words_known(tokens: Tokens, unknown: int) -> float:
    """The part of a note's words that the tokeniser knows as a whole, 0 to 1."""
    pieces: dict[int, list[int]] = {}
    for word, token in zip(tokens.words, tokens.ids, strict=True):
        pieces.setdefault(word, []).append(token)
    whole = [len(ids) == 1 and ids[0] != unknown for ids in pieces.values()]
    return sum(whole) / len(whole)


def cues_of_note(tokens: Tokens, text: str, unknown: int) -> dict[Cue, float]:
    """How strange a note's words and its subject are."""
    return {
        "words": (1 - words_known(tokens, unknown)) / UNKNOWN_WORDS,
        "subject": words_per_sign(text) / MOST_WORDS,
    }


def shift_of(
    tables: TrustTables,
    modality: Modality,
    feature: Tensor,
    *,
    lung_area: float | None = None,
    tokens: Tokens | None = None,
    text: str = "",
    language: str = "en",
) -> Shift:
    """The strangest cue of one part, from its feature, (d,), and what else is known of it.

    ``tokens`` and ``text`` are a note's, as the model reads it and as it was given.
    """
    cues: dict[Cue, float] = {}
    if modality in tables.clouds:
        cloud = tables.clouds[modality]
        cues["features"] = float(distances(cloud, feature[None]).amin()) / cloud.limit
    if modality == "image" and lung_area is not None:
        cues["lungs"] = LEAST / max(lung_area, LEAST / 2)
    if modality == "notes":
        cues["language"] = LANGUAGE * (language == "other")
        if tokens is not None:
            cues |= cues_of_note(tokens, text, tables.unknown)
    cue: Cue = max(cues, key=lambda name: cues[name], default="features")
    strangeness = cues.get(cue, 0.0)
    table = tables.strangeness[MODALITIES.index(modality)].double().numpy()
    place = float(np.interp(strangeness, table, np.arange(101.0)))
    return Shift(modality, cue, strangeness, float("nan") if np.isnan(table).any() else place)


def nearest(clouds: dict[Modality, Cloud], features: Tensor, present: Tensor) -> NDArray[np.int64]:
    """Which source's films each case's film is nearest to, (n,); -1 without a film or cloud."""
    if "image" not in clouds:
        return np.full(len(features), -1)
    closest = distances(clouds["image"], features[:, 0]).argmin(1)
    return torch.where(present[:, 0], closest, -1).numpy()
