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
    """Do ``work``, which lets go of Python's lock. Raises OutOfTime, and what ``work`` raises."""
    results: list[Result] = []
    errors: list[BaseException] = []

    clocks: list[int] = []  # the thread's processor-time clock, where the system has one

    def run() -> None:
        if hasattr(time, "pthread_getcpuclockid"):
            clocks.append(time.pthread_getcpuclockid(threading.get_ident()))
        try:
            results.append(work())
        except BaseException as exc:  # noqa: BLE001  raised again below
            errors.append(exc)

    thread = threading.Thread(target=run, name="codec", daemon=True)
    started = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(_STEP)
        spent = time.monotonic() - started
        if spent > seconds and clocks:
            spent = _read(clocks[0])  # a busy machine takes no time away
        if spent > seconds and thread.is_alive():
            _left.append(thread)
            raise OutOfTime
    if errors:
        raise errors[0]
    return results[0]


def left_behind() -> bool:
    """Whether work that was given up is still running."""
    return any(thread.is_alive() for thread in _left)


def _read(clock: int) -> float:
    try:
        return time.clock_gettime(clock)
    except OSError:  # the thread has just ended
        return 0.0
