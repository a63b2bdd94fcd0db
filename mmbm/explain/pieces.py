"""What a part of a case can be taken apart into: words, regions of the film, stretches of sound."""

from __future__ import annotations

from typing import NamedTuple

from mmbm.case import Case, Modality
from mmbm.explain.attribution.attribute import DEEPLIFT, attribute
from mmbm.explain.edits import Span
from mmbm.explain.maps import last_layer, place
from mmbm.model.lungs import WHOLE, Box
from mmbm.predict import Prediction, Predictor

__all__ = ["Piece", "Place", "pieces"]

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
    """What one part can be taken apart into, each with its share in the last-layer map.

    Of a note by DeepLIFT's, which tells far better which words it hangs on: in the last layer
    every place has read the whole note.
    """
    maps = last_layer(prediction, finding)
    if modality == "image" and maps.image is not None:
        shares = place(maps.image, WHOLE, REGIONS)
        edges = [i / REGIONS for i in range(REGIONS + 1)]
        return [
            Piece(Box(edges[i], edges[i + 1], edges[j], edges[j + 1]), float(shares[i, j]))
            for i in range(REGIONS)
            for j in range(REGIONS)
        ]
    if modality == "notes" and maps.words is not None and case.notes is not None:
        text = case.notes.text
        told = attribute(predictor, prediction, "words", finding, method=DEEPLIFT).values
        assert isinstance(told, tuple)
        return [
            Piece(Span(word.start, word.end), word.share)
            for word in told
            if any(c.isalnum() for c in text[word.start : word.end])
        ]
    if modality == "audio" and maps.audio is not None:
        count = max(1, round(maps.audio_seconds / WINDOW))
        step = maps.audio_seconds / count
        sums = place(maps.audio.sum(0, keepdims=True), WHOLE, count).sum(0)
        return [
            Piece(Span(i * step, (i + 1) * step), float(share))
            for i, share in enumerate(sums.tolist())
        ]
    return []
