"""A calculation on a thread of its own: the page goes on answering, shows how far it is, stops it.

The thread knows nothing of Streamlit and of the session. It writes into its job, which the page
looks at; a job that no page looks at any more, because its reader has left, stops by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

from mmbm.errors import Cancelled

__all__ = ["Job"]

AT_FIRST = 1.0  # seconds that the page waits for a job: what is quick shows no progress
UNASKED = 0.1  # seconds for one that nobody asked for: the page is to answer at once
UNSEEN = 180.0  # seconds; a hidden tab looks once a minute


class Job:
    """One calculation: ``task`` gets the job, to say how far it is and to ask whether to stop."""

    def __init__(self, task: Callable[[Job], object]) -> None:
        self.done: float = 0.0  # how far it is, in the task's own measure
        self._stop, self._seen = Event(), time.monotonic()
        thread = ThreadPoolExecutor(1, "mmbm-job")
        self._answer = thread.submit(task, self)
        thread.shutdown(wait=False)  # it ends with the task

    def say(self, done: float) -> None:
        """How far the task is; called by the task."""
        self.done = done

    def cancelled(self) -> bool:
        """Whether the task is to stop; asked by the task."""
        return self._stop.is_set() or time.monotonic() - self._seen > UNSEEN

    def stop(self) -> None:
        """Ask the task to stop; it does at its next step."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def running(self, patience: float = 0.0) -> bool:
        """Whether it still runs after so many seconds; this counts as a look at it."""
        self._seen = time.monotonic()
        wait([self._answer], patience)
        return not self._answer.done()

    @property
    def stopped(self) -> bool:
        """Whether it ended without an answer because it was to."""
        return self._answer.done() and isinstance(self._answer.exception(), Cancelled)

    def answer(self) -> object:
        """What the task returned; what it raised is raised here."""
        return self._answer.result()
