"""A tighter limit on processor time and memory around one step of a library that can not stop.

Beyond it the system ends the process, which is the sandbox's child and is replaced; so this is for
code that runs there alone. Where a system has no such limits, those of the sandbox still hold.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

__all__ = ["guarded"]


@contextlib.contextmanager
def guarded(seconds: float, extra_bytes: int) -> Iterator[None]:
    """At most ``seconds`` of processor time and ``extra_bytes`` more memory within the block."""
    before = _tighten(extra_bytes)
    timed = hasattr(signal, "setitimer") and signal.getsignal(signal.SIGPROF) == signal.SIG_DFL
    if timed:
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_PROF, 0)
        _loosen(before)


def _tighten(extra_bytes: int) -> tuple[int, int] | None:
    """Lower the limit of the address space; the limits before, None where that is impossible."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        soft = pages * resource.getpagesize() + extra_bytes
        if before[0] != resource.RLIM_INFINITY:
            soft = min(soft, before[0])
        resource.setrlimit(resource.RLIMIT_AS, (soft, before[1]))
    except (ImportError, OSError, ValueError):
        return None
    return before


def _loosen(before: tuple[int, int] | None) -> None:
    if before is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, before)
