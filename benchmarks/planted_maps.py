"""The top of a map, and whether it lies where evidence was planted; read by ``planted.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from planted_cases import BLOCK, TILES
from plants import Span

from mmbm.branches.notes.evidence import WordShare, clauses
from mmbm.branches.parts import WHOLE, spread
from mmbm.branches.registry import space_named
from mmbm.explain.attribution import NO_BASELINE, attribute
from mmbm.explain.maps import finer_maps, last_layers
from mmbm.predict import Prediction, Predictor

__all__ = ["Map", "Way", "broad", "chance", "hit", "less", "shares", "ways"]

LAST, FINER = "last layer", "four grids"
SLOWEST = {"Integrated Gradients", "Layer Integrated Gradients", "GradientShap", "Occlusion"}
Map = NDArray[np.float64] | tuple[WordShare, ...]  # (TILES, TILES), (blocks,), or words
Where = NDArray[np.bool_] | Span  # like the map; of a note its characters


class Way(NamedTuple):
    """A map: of the last layer, or a method from a baseline; blanks are the defaults."""

    method: str | None = None
    baseline: str | None = None

    @property
    def name(self) -> str:
        if self.method is None:
            return "default"
        return f"{self.method}, {self.baseline}" if self.baseline else self.method


def ways(over: str, every: bool) -> list[Way]:
    """The last layer's maps and the default, or those of every method and baseline."""
    first = [Way(LAST), Way(FINER), Way()] if over == "pixels" else [Way(LAST), Way()]
    if not every:
        return first
    space = space_named(over)[1]
    return first + [
        Way(method, baseline)
        for method in space.methods
        for baseline in ([None] if method in NO_BASELINE else space.baselines)
        if method not in SLOWEST
    ]


def shares(predictor: Predictor, prediction: Prediction, over: str, finding: str, way: Way) -> Map:
    """A map by units: (TILES, TILES), words, or (blocks,)."""
    if way.method in (LAST, FINER):
        index = [f.name for f in prediction.findings].index(finding)
        made = finer_maps(predictor, prediction) if way.method == FINER else last_layers(prediction)
        values = made[index].values(space_named(over)[0].name)
        values = tuple(values) if over == "words" else values
    else:
        found = attribute(
            *(predictor, prediction, over, finding), method=way.method, baseline=way.baseline
        )
        values = found.values
    assert values is not None
    if isinstance(values, tuple):
        return tuple(word for word in values if word.end > word.start)
    if over == "pixels":
        return spread(values.astype(np.float64), WHOLE, TILES)
    blocks = max(1, int(prediction.features.prepared["audio"].seconds / BLOCK))
    return spread(values.astype(np.float64), WHOLE, blocks).sum(0)


def less(after: Map, before: Map, where: Where) -> Map:
    """The map of the altered case less that of the clean one; a new word had no share."""
    if not isinstance(after, tuple) or not isinstance(before, tuple):
        return np.asarray(after) - np.asarray(before)
    assert isinstance(where, Span)
    length = where.end - where.start
    had = {word.start: word.share for word in before}
    moved = [(w, w.start if w.start < where.start else w.start - length) for w in after]
    return tuple(
        w if where.start <= w.start < where.end else w._replace(share=w.share - had.get(was, 0.0))
        for w, was in moved
    )


def hit(found: Map, where: Where) -> bool:
    """Whether what speaks most for the finding lies in the planted place."""
    if isinstance(found, tuple):
        assert isinstance(where, Span)
        top = max(found, key=lambda word: word.share)
        return top.start < where.end and top.end > where.start
    assert not isinstance(where, Span)
    return bool(where.flat[int(found.argmax())])


def broad(found: Map, text: str) -> Map:
    """The same added up: over three tiles by three, the clauses of a note, three half seconds."""
    if isinstance(found, tuple):
        return clauses(text, found)
    wide = np.pad(found, 1)
    for axis in range(found.ndim):
        wide = wide + np.roll(wide, 1, axis) + np.roll(wide, -1, axis)
    return np.asarray(wide[(slice(1, -1),) * found.ndim])


def chance(found: Map, where: Where) -> float:
    """What a unit drawn blindly hits."""
    if isinstance(found, tuple):
        return float(np.mean([hit((word,), where) for word in found]))
    assert not isinstance(where, Span)
    return float(where.mean())
