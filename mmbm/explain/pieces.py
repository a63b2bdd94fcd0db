"""What a part of a case can be taken apart into: words, regions of the film, stretches of sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Case, Modality
from mmbm.explain.attribution.attribute import DEEPLIFT, attribute
from mmbm.explain.attribution.spaces import OF_PART
from mmbm.explain.edits import Span
from mmbm.explain.maps import WordShare, place
from mmbm.model.lungs import WHOLE, Box
from mmbm.predict import Prediction, Predictor

__all__ = ["Piece", "Place", "in_pieces", "pieces"]

REGIONS = 8  # a side of the film
WINDOW = 1.0  # seconds of sound that go together
Place = Box | Span


class Piece(NamedTuple):
    """A word, region or stretch of sound, and its share of the logit."""

    place: Place
    share: float


def pieces(
    predictor: Predictor, prediction: Prediction, case: Case, modality: Modality, finding: str
) -> list[Piece]:
    """What one part can be taken apart into, each with its share in DeepLIFT's map.

    The last layer's map is at hand, but in the order of this one more is found that flips a
    finding, and smaller (``benchmarks/flip_order.py``): twice as often in notes.
    """
    found = attribute(predictor, prediction, OF_PART[modality], finding, method=DEEPLIFT)
    return in_pieces(found.values, prediction, case, modality)


def in_pieces(
    values: NDArray[np.floating] | Sequence[WordShare],
    prediction: Prediction,
    case: Case,
    modality: Modality,
) -> list[Piece]:
    """The shares of any map of one part, added up over its pieces."""
    if not isinstance(values, np.ndarray):
        text = case.notes.text if case.notes is not None else ""
        return [
            Piece(Span(word.start, word.end), word.share)
            for word in values
            if any(c.isalnum() for c in text[word.start : word.end])
        ]
    exact = values.astype(np.float64)
    if modality == "image":
        shares = place(exact, WHOLE, REGIONS)
        edges = [i / REGIONS for i in range(REGIONS + 1)]
        return [
            Piece(Box(edges[i], edges[i + 1], edges[j], edges[j + 1]), float(shares[i, j]))
            for i in range(REGIONS)
            for j in range(REGIONS)
        ]
    seconds = prediction.features.prepared.seconds
    count = max(1, round(seconds / WINDOW))
    step = seconds / count
    sums = place(exact.sum(0, keepdims=True), WHOLE, count).sum(0)
    return [
        Piece(Span(i * step, (i + 1) * step), float(share)) for i, share in enumerate(sums.tolist())
    ]
