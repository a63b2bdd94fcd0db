"""How many calls are in the house at once: the rest are told when to come again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from mmbm.serve.refusals import Refused
from mmbm.text import sentence

__all__ = ["Gate"]

MOST_CALLS = 16
MOST_BYTES = 512 * 2**20  # of all calls' bodies together
LONGEST_WAIT = 60  # seconds that a caller is told to wait, at most
NEWEST = 0.2  # how much the last call counts in the mean time of one


class Gate:
    """Places for calls and for their bytes. Thread-safe."""

    def __init__(self, calls: int = MOST_CALLS, size: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = calls, size
        self.inside, self.held = 0, 0  # calls, and bytes of their bodies
        self.each = 1.0  # seconds between two answers, about
        self._lock = Lock()

    @contextmanager
    def place(self, size: int) -> Iterator[None]:
        """A place for a call of so many bytes, while the block runs. Raises Refused where full."""
        with self._lock:
            if self.inside >= self.most or (self.inside and self.held + size > self.most_bytes):
                wait = min(max(math.ceil(self.inside * self.each), 1), LONGEST_WAIT)
                busy = sentence("serve.busy", seconds=wait)
                raise Refused(429, busy, {"retry-after": str(wait)})
            self.inside, self.held = self.inside + 1, self.held + size
            before = self.inside
        begun = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self.inside, self.held = self.inside - 1, self.held - size
                spent = (time.monotonic() - begun) / before
                self.each += NEWEST * (spent - self.each)
