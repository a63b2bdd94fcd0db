"""Scoring what waits, one case after the other, in the background or at the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmbm.analysis import analyse
from mmbm.errors import InputError, ModelError, StoreError
from mmbm.predict import Predictor
from mmbm.text import Sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["Scored", "score_waiting"]


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of the cases that waited."""

    done: int
    refused: dict[str, Sentence]  # by case, why it could not be scored


def score_waiting(
    store: Store,
    predictor: Predictor,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
    stop: Callable[[], bool] = lambda: False,
    level: float = 0.9,
    limit: int = 0,
    who: str = "",
) -> Scored:
    """Score every case without an analysis, the oldest first; ``limit`` 0 is all of them.

    A case that cannot be read or scored is named and left as it is; the others go on. ``stop`` is
    asked before each.
    """
    waiting = store.unscored()
    waiting = waiting[:limit] if limit else waiting
    done, refused = 0, {}
    for number, case_id in enumerate(waiting):
        if stop():
            break
        try:
            store.save_analysis(case_id, analyse(store.read(case_id), predictor, level=level), who)
            done += 1
        except (InputError, ModelError, StoreError) as exc:
            refused[case_id] = exc.sentence
        progress(number + 1, len(waiting))
    return Scored(done, refused)
