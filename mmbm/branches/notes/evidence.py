"""Shares of a note's words and clauses, from those of their tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from mmbm.branches.notes.prepare import Tokens

__all__ = ["NoteEvidence", "WordShare", "clauses", "words"]

# where a clause ends: not inside 38.6 or 1,200, nor in a list of signs that are denied as one
STOPS = re.compile(r"[.,](?=\s|$)|[;|。，；\n]|\s-\s")


class WordShare(NamedTuple):
    """One word's share, by its place in the note's text."""

    start: int
    end: int
    share: float  # logits


@dataclass(frozen=True, slots=True, eq=False)
class Words(Sequence[WordShare]):
    """A note's words with the shares of one map, added up over its pieces when it is asked for."""

    tokens: Tokens
    first: Sequence[int]  # each word's first piece, and how many pieces there are
    shares: NDArray[np.float64]  # of each piece

    def __len__(self) -> int:
        return len(self.first) - 1

    @overload
    def __getitem__(self, place: int) -> WordShare: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[WordShare]: ...
    def __getitem__(self, place: int | slice) -> WordShare | Sequence[WordShare]:
        if isinstance(place, slice):
            return tuple(self[k] for k in range(*place.indices(len(self))))
        k = range(len(self))[place]
        pieces = slice(self.first[k], self.first[k + 1])
        spans = self.tokens.spans[pieces]
        return WordShare(spans[0][0], spans[-1][1], float(self.shares[pieces].sum()))


@dataclass(frozen=True, slots=True, eq=False)
class NoteEvidence:
    """One finding's contribution spread over a note."""

    values: Sequence[WordShare]  # in the order of the note


def words(tokens: Tokens, shares: NDArray[np.float64]) -> tuple[Sequence[WordShare], ...]:
    """Of each map the words of its note, from the shares of their pieces, (maps, tokens)."""
    if not tokens.words:
        return ((),) * len(shares)
    starts = [k for k, (a, b) in enumerate(pairwise(tokens.words), 1) if a != b]
    first = (0, *starts, len(tokens.words))
    return tuple(Words(tokens, first, row) for row in shares)


def clauses(text: str, shares: Sequence[WordShare]) -> tuple[WordShare, ...]:
    """The shares of a note's words added up over its clauses, in their order.

    A word alone means little: of "denies fever" the second speaks for, the first against.
    """
    ends = [stop.end() for stop in STOPS.finditer(text)]
    found: dict[int, list[WordShare]] = {}
    for word in shares:
        if word.end > word.start:
            found.setdefault(bisect_right(ends, word.start), []).append(word)
    return tuple(
        WordShare(of[0].start, of[-1].end, sum(word.share for word in of)) for of in found.values()
    )
