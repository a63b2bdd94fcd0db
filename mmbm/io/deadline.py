"""Work of a codec that is given up when it takes too much processor time.

A codec cannot be stopped from outside, only left behind: the thread goes on until the process
ends. So :func:`left_behind` tells the sandbox that this process must not be used again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["OutOfTime", "left_behind", "within"]

Result = TypeVar("Result")
_STEP = 0.02  # seconds between two looks at the clock
_left: list[threading.Thread] = []


class OutOfTime(Exception):
    """The work took more processor time than it may."""


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Do ``work``, which lets go of Python's lock, in ``seconds`` of this process's time.

    A busy machine takes none of them away. Raises OutOfTime, and what ``work`` raises.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as exc:  # noqa: BLE001  raised again below
            errors.append(exc)

    thread = threading.Thread(target=run, name="codec", daemon=True)
    started = time.process_time()  # of all threads: a codec may start some, and waits for them
    thread.start()
    while thread.is_alive():
        thread.join(_STEP)
        if time.process_time() - started > seconds and thread.is_alive():
            _left.append(thread)
            raise OutOfTime
    if errors:
        raise errors[0]
    return results[0]


def left_behind() -> bool:
    """Whether work that was given up is still running."""
    return any(thread.is_alive() for thread in _left)
