"""The least that must go for a finding to flip: words, regions of the film, or seconds.

A finding flips when its probability crosses the operating point. Pieces are taken out in the order
of a map (:mod:`mmbm.explain.pieces`), those that hold the finding first, until it flips; then
those that were not needed are put back by halves (QuickXplain, Junker, AAAI 2004): that scores few
sets for each piece that is needed instead of one for each that is not. What is left is minimal: put
any one piece back and the finding flips no more. It need not be the smallest of all such sets,
which only trying all would find. Nothing is read off the map but the order: each set is really
taken out of the case and the case scored again from its start, the lungs of a film found anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from mmbm.branches.parts import Place
from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.device import halving
from mmbm.errors import NoSignal
from mmbm.explain.attribution.work import Work
from mmbm.explain.pieces import pieces
from mmbm.explain.whatif import exchanged
from mmbm.predict import Prediction, Predictor
from mmbm.text import name_of, sentence

__all__ = ["Flip", "flip"]

SURE = 1e-4  # of a probability: closer to the threshold, a batch's rounding might decide
Removed = frozenset[int]  # by their place in the order


@dataclass(frozen=True, slots=True)
class Flip:
    """A minimal set whose removal flips a finding, checked by scoring the case without it."""

    finding: str
    modality: str
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
    modality: str,
    finding: str,
    *,
    threshold: float = 0.5,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Flip | None:
    """The least of one part that must go for the finding to flip.

    None where it stands with half of the part gone, in the order of the map. ``progress`` is told
    how many sets were scored.

    Raises
    ------
    NoSignal
        The part is absent.
    Cancelled
        ``cancelled`` said so, between two sets.
    """
    if modality not in prediction.present:
        raise NoSignal(sentence("explain.absent", part=name_of("modality", modality)))
    work = Work(predictor, cancelled=cancelled)
    search = _Search(work, case, prediction, modality, finding, threshold, progress)
    found = search.first()
    if found is None:
        return None
    removed = search.minimal(found)
    return Flip(
        finding,
        modality,
        removed=tuple(search.order[i].place for i in sorted(removed)),
        pieces=len(search.order),
        before=search.before,
        after=search.one(removed),
        threshold=threshold,
        scored=search.scored,
    )


class _Search:
    """Sets of pieces taken out of one part of a case, and whether the finding flips without."""

    def __init__(
        self,
        work: Work,
        case: Case,
        prediction: Prediction,
        modality: str,
        finding: str,
        threshold: float,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.work, self.prediction, self.progress = work, prediction, progress
        self.modality, self.part = modality, case.parts[modality]
        self.branch = branch_of(modality)
        self.index = [f.name for f in prediction.findings].index(finding)
        self.threshold = threshold
        self.before = prediction.findings[self.index].probability
        self.called = self.before >= threshold
        held = pieces(work.predictor, prediction, case, modality, finding)
        self.order = sorted(held, key=lambda piece: piece.share, reverse=self.called)
        # probabilities, each of a case scored by itself; and what a batch left no doubt of
        self.known: dict[Removed, float] = {frozenset(): self.before}
        self.sure: dict[Removed, bool] = {}
        self.scored = 0

    def first(self) -> Removed | None:
        """The pieces from the first of the order on that flip it, their number doubled each time.

        At most half of them: where more must go, no part of the evidence is to be pointed at. (A
        note of one word may lose it; a recording that is one stretch may not.)
        """
        most = (len(self.order) + self.branch.may_be_emptied) // 2
        count = 1
        while count < most and not self.flips(frozenset(range(count))):
            count *= 2
        tried = frozenset(range(min(count, most)))
        return tried if self.flips(tried) else None

    def minimal(self, found: Removed) -> Removed:
        """Of a set that flips it, one that flips it and of which each piece is needed."""
        found, before = self._needed(frozenset(), sorted(found), False), None
        while found != before:  # pieces act together: what was needed may be so no more
            before = found
            self._read_ahead([found - {piece} for piece in found])
            for piece in sorted(found, reverse=True):  # the weakest is put back first
                if self.flips(found - {piece}):
                    found -= {piece}
        return found

    def _needed(self, gone: Removed, order: list[int], more: bool) -> Removed:
        """A set of ``order``, its first rather than its last, that flips it together with ``gone``.

        ``gone`` and all of ``order`` do; ``more`` says that ``gone`` alone was not tried.
        """
        if more and self.flips(gone):
            return frozenset()
        if len(order) == 1:
            return frozenset(order)
        first, last = order[: len(order) // 2], order[len(order) // 2 :]
        behind = self._needed(gone | set(first), last, True)
        return behind | self._needed(gone | behind, first, bool(behind))

    def flips(self, removed: Removed) -> bool:
        """Whether it flips without these pieces."""
        return self.sure[removed] if removed in self.sure else self._crosses(self.one(removed))

    def one(self, removed: Removed) -> float:
        """The probability without these pieces, scored as a case of its own."""
        if removed not in self.known:
            self.work.check()
            predictor = self.work.predictor
            parts = predictor.alone(lambda: self._without(removed))  # which has threads that suit
            after = exchanged(predictor, self.prediction, parts)
            self.known[removed] = after.findings[self.index].probability
            self._count(1)
        return self.known[removed]

    def _read_ahead(self, sets: Sequence[Removed]) -> None:
        """Score in batches, where the branch gains by them; what comes close to the threshold is
        left to be scored alone."""
        new = [removed for removed in sets if removed not in self.known]
        for start in range(0, len(new) if self.branch.batch > 1 else 0, self.branch.batch):
            some = new[start : start + self.branch.batch]
            self.work.check()
            read = self._read([self._without(removed) for removed in some])
            self._count(len(some))
            for removed, probability in zip(some, read, strict=True):
                if abs(probability - self.threshold) > SURE:
                    self.sure[removed] = self._crosses(probability)

    def _crosses(self, probability: float) -> bool:
        return (probability >= self.threshold) != self.called

    def _count(self, more: int) -> None:
        self.scored += more
        if self.progress is not None:
            self.progress(self.scored)

    def _without(self, removed: Removed) -> Case:
        """The part alone, without these pieces."""
        places = [self.order[i].place for i in sorted(removed)]
        return Case(**{self.modality: self.branch.without(self.part, places)})

    def _read(self, cases: list[Case]) -> list[float]:
        """The finding's probability with each of these cases' part."""
        predictor, modality = self.work.predictor, self.modality
        parts = [predictor.readers[modality](case.parts[modality]) for case in cases]

        @torch.inference_mode()
        def read(which: Predictor, rows: int) -> torch.Tensor:
            means = []
            for k in range(0, len(parts), rows):
                tensors = self.branch.collate(parts[k : k + rows])
                on_device = (t.to(which.torch_device) for t in tensors)
                means.append(which.network.encode(modality, *on_device).mean.cpu())
            return torch.cat(means)

        means = self.prediction.features.means.repeat(len(parts), 1, 1)
        means[:, self.prediction.place(modality)] = predictor.fitting(
            lambda which: which.alone(lambda: halving(lambda n: read(which, n), len(parts)))
        )
        logits = self.prediction.readout.logits(means)[:, self.index]
        probabilities: list[float] = logits.sigmoid().tolist()
        return probabilities
