"""The least that must go for a finding to flip: words, regions of the film, or seconds.

A finding flips when its probability crosses the operating point. Pieces are taken out in the order
of the last-layer map, those that hold the finding where it is first, until it flips; then every
piece that was not needed is put back. What is left is minimal: put any one piece back and the
finding flips no more. It need not be the smallest of all such sets, which only trying all would
find. Nothing is read off the map but the order: each set is really taken out of the case and the
case scored again, and the answer is checked once more one set at a time, as any case is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from mmbm.case import Case, Modality, Notes, Picture, Sound
from mmbm.errors import NoSignal
from mmbm.explain.edits import Span, cut, drop_words, erase
from mmbm.explain.maps import last_layer, place
from mmbm.explain.whatif import exchanged
from mmbm.inputs import batch_tokens, read_tokens
from mmbm.model.lungs import WHOLE, Box
from mmbm.model.network import Inputs
from mmbm.predict import Prediction, Predictor, to_device

__all__ = ["Flip", "flip", "pieces"]

REGIONS = 8  # a side of the film
WINDOW = 1.0  # seconds of sound that go together
AT_ONCE = 16  # notes in one batch: a recurrent net reads them in a third of the time
Place = Box | Span
Removed = frozenset[int]  # by their place in the order


class Piece(NamedTuple):
    """A word, region or stretch of sound, and its share of the logit."""

    place: Place
    share: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A minimal set whose removal flips a finding, checked by scoring the case without it."""

    finding: str
    modality: Modality
    removed: tuple[Place, ...]  # those that hold the finding most, first
    pieces: int  # out of how many
    before: float  # probability
    after: float  # probability without them
    threshold: float  # the probability that it crosses
    scored: int  # how many sets were scored to find it


def flip(
    predictor: Predictor,
    case: Case,
    prediction: Prediction,
    modality: Modality,
    finding: str,
    *,
    threshold: float = 0.5,
) -> Flip | None:
    """The least of one part that must go for the finding to flip.

    None where it stands with half of the part gone, in the order of the map.

    Raises
    ------
    NoSignal
        The part is absent.
    """
    if modality not in prediction.present:
        raise NoSignal(f"There is no {modality} in this case to take anything out of.")
    search = _Search(predictor, case, prediction, modality, finding, threshold=threshold)
    found = search.first()
    if found is not None:
        found = _pruned(found, search.several)
        found = _pruned(found, search.each) if search.each([found])[0] else None
    if found is None:
        return None
    return Flip(
        finding,
        modality,
        removed=tuple(search.order[i].place for i in sorted(found)),
        pieces=len(search.order),
        before=search.before,
        after=search.known[found],
        threshold=threshold,
        scored=search.scored,
    )


def pieces(prediction: Prediction, case: Case, modality: Modality, finding: str) -> list[Piece]:
    """What one part can be taken apart into, each with its share in the last-layer map."""
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
        return [
            Piece(Span(word.start, word.end), word.share)
            for word in maps.words
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


def _pruned(found: Removed, flips: Callable[[Sequence[Removed]], list[bool]]) -> Removed:
    """Put back every piece that is not needed; the weakest are put back first."""
    while True:
        members = sorted(found, reverse=True)
        spare = [
            m
            for m, still in zip(members, flips([found - {m} for m in members]), strict=True)
            if still
        ]
        if not spare:
            return found
        count = len(spare)
        while count > 1 and not flips([found - set(spare[:count])])[0]:
            count //= 2  # needless one by one, but not together
        found -= set(spare[:count])


class _Search:
    """Sets of pieces taken out of one part of a case, and whether the finding flips without."""

    def __init__(
        self,
        predictor: Predictor,
        case: Case,
        prediction: Prediction,
        modality: Modality,
        finding: str,
        *,
        threshold: float,
    ) -> None:
        self.predictor, self.prediction = predictor, prediction
        self.part: Picture | Notes | Sound = getattr(case, modality)
        self.index = [f.name for f in prediction.findings].index(finding)
        self.threshold = threshold
        self.before = prediction.findings[self.index].probability
        self.called = self.before >= threshold
        held = pieces(prediction, case, modality, finding)
        self.order = sorted(held, key=lambda piece: piece.share, reverse=self.called)
        self.known: dict[Removed, float] = {}  # probabilities
        self.scored = 0

    def first(self) -> Removed | None:
        """The pieces from the first of the order on that flip it: doubled, then halved back.

        At most half of them: where more must go, no part of the evidence is to be pointed at. (A
        note of one word may lose it; a recording that is one stretch may not.)
        """
        most = (len(self.order) + isinstance(self.part, Notes)) // 2
        low, high = 0, 1
        while high < most and not self._prefix(high):
            low, high = high, 2 * high
        high = min(high, most)
        if high <= low or not self._prefix(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._prefix(middle) else (middle, high)
        return frozenset(range(high))

    def _prefix(self, count: int) -> bool:
        return self.each([frozenset(range(count))])[0]

    def each(self, sets: Sequence[Removed]) -> list[bool]:
        """Whether it flips, each set scored as a case of its own."""
        for removed in sets:
            if removed not in self.known:
                after = exchanged(self.predictor, self.prediction, self._without(removed))
                self.known[removed] = after.findings[self.index].probability
                self.scored += 1
        return [self._flips(self.known[removed]) for removed in sets]

    def several(self, sets: Sequence[Removed]) -> list[bool]:
        """The same; notes are read in batches, whose rounding may differ."""
        if not isinstance(self.part, Notes) or len(sets) == 1:
            return self.each(sets)
        texts = [case.notes.text for s in sets if (case := self._without(s)).notes is not None]
        self.scored += len(texts)
        return [
            self._flips(probability)
            for start in range(0, len(texts), AT_ONCE)
            for probability in self._read(texts[start : start + AT_ONCE])
        ]

    def _flips(self, probability: float) -> bool:
        return (probability >= self.threshold) != self.called

    def _without(self, removed: Removed) -> Case:
        """The part alone, without these pieces."""
        places = [self.order[i].place for i in sorted(removed)]
        spans = [p for p in places if isinstance(p, Span)]
        if isinstance(self.part, Notes):
            return Case(notes=drop_words(self.part, *spans))
        if isinstance(self.part, Sound):
            return Case(audio=cut(self.part, *spans))
        return Case(image=erase(self.part, *(p for p in places if isinstance(p, Box))))

    def _read(self, texts: list[str]) -> list[float]:
        """The finding's probability with each of these notes."""
        predictor, notes = self.predictor, self.predictor.config.notes
        tokens = [read_tokens(predictor.tokenizer, text, notes.max_tokens) for text in texts]
        ids, lengths = batch_tokens(tokens)
        present = torch.tensor([[False, True, False]]).expand(len(texts), 3)
        inputs = to_device(Inputs(present, tokens=ids, lengths=lengths), predictor.torch_device)

        def read() -> torch.Tensor:
            with torch.inference_mode():
                positions = predictor.network.encode("notes", inputs)
                assert positions is not None
                return positions.mean.cpu()

        means = self.prediction.features.means.repeat(len(texts), 1, 1)
        means[:, 1] = predictor.alone(read)
        logits = self.prediction.readout.logits(means)[:, self.index]
        probabilities: list[float] = logits.sigmoid().tolist()
        return probabilities
