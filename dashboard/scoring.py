"""Cases of the store scored in the background, one after another, for all readers of this server.

The thread knows nothing of Streamlit. Each case goes through the predictor's own queue, so a reader
who opens a case meanwhile waits for one case at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from threading import Lock, Thread

from dashboard import stored
from mmbm.analysis import analyse
from mmbm.errors import MMBMError
from mmbm.predict import Predictor

__all__ = ["Progress", "Scoring", "scoring"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: of the cases that were asked for since it last stood still."""

    done: int = 0
    of: int = 0
    failed: int = 0
    running: bool = False


class Scoring:
    """A queue of cases and the thread that scores them."""

    def __init__(self, score: Callable[[str, Predictor, str], None]) -> None:
        self._score = score
        self._lock = Lock()
        self._waiting: dict[str, str] = {}  # cases, and who asked for each
        self._done = self._failed = self._of = 0
        self._thread: Thread | None = None

    def add(self, case_ids: Iterable[str], predictor: Predictor, who: str = "") -> int:
        """Have these cases scored, each once; returns how many were not waiting already.

        ``who`` asks for it, for the audit.
        """
        with self._lock:
            new = [case for case in dict.fromkeys(case_ids) if case not in self._waiting]
            if self._thread is None:
                self._done = self._failed = self._of = 0
            self._waiting |= dict.fromkeys(new, who)
            self._of += len(new)
            if new and self._thread is None:
                self._thread = Thread(
                    target=self._run, args=(predictor,), name="mmbm-scoring", daemon=True
                )
                self._thread.start()
        return len(new)

    def stop(self) -> None:
        """Score no more than the case at hand."""
        with self._lock:
            self._of -= len(self._waiting)
            self._waiting.clear()

    def progress(self) -> Progress:
        """How far it is."""
        with self._lock:
            running = self._thread is not None
            return Progress(self._done, self._of, self._failed, running)

    def wait(self, seconds: float) -> None:
        """Wait until it stands still."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self, predictor: Predictor) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                case_id = next(iter(self._waiting))
                who = self._waiting.pop(case_id)
            failed = False
            try:
                self._score(case_id, predictor, who)
            except MMBMError:  # the case stays unscored, and opening it says why
                failed = True
            with self._lock:
                self._done += 1
                self._failed += failed


def score(case_id: str, predictor: Predictor, who: str) -> None:
    """Score one case of the store and keep what the model said. Raises MMBMError."""
    kept = stored.store()
    kept.save_analysis(case_id, analyse(kept.read(case_id), predictor), who)


@cache
def scoring() -> Scoring:
    """The one queue of this server."""
    return Scoring(score)
