"""Decoders run in a child process with limits on memory, processor time and wall clock.

A decoder that crashes, aborts, hangs or eats memory takes only its own process with it; the
caller gets one :class:`~mmbm.errors.MMBMError`. The children stay warm between files, because
starting Python and its codecs costs a hundred times what reading a radiograph does.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from typing import Any, BinaryIO, cast

import mmbm.errors
from mmbm.config import Limits
from mmbm.errors import InputError, MMBMError, TooLarge, UnreadableFile
from mmbm.io import wire
from mmbm.text import sentence

__all__ = ["Pool", "retire", "run", "warm"]

POOL_SIZE = 3  # a picture, notes and a sound at once
_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TZ")
_KEPT = {  # bytes of freed memory that glibc keeps for the next film, and does not ask for anew
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
_PIPE_BYTES = 2**20  # the largest a Linux user may ask for


class Worker:
    """One child process. Not thread-safe; the pool lends it to one thread at a time."""

    def __init__(self) -> None:
        bootstrap = f"import sys; sys.path[:] = {sys.path!r}; import mmbm.io.worker as w; w.serve()"
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", bootstrap],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | _KEPT | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            bufsize=0,
        )
        self.spent = False  # it says so itself: a codec still runs, or its memory stays high
        self.read_last: float | None = None  # when it read its last file, by time.monotonic()
        self.incoming = cast(BinaryIO, self.process.stdout)
        self.outgoing = cast(BinaryIO, self.process.stdin)
        _widen(self.incoming)
        _widen(self.outgoing)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(
        self, request: dict[str, Any], content: bytes, *, seconds: float, most: int
    ) -> tuple[dict[str, Any], bytearray]:
        """Send one request and wait for its answer. Raises TooLarge, UnreadableFile."""
        out_of_time = threading.Event()

        def stop() -> None:
            out_of_time.set()
            self.process.kill()

        ticket = secrets.token_hex(8)
        clock = threading.Timer(seconds, stop)
        clock.start()
        answered = False
        try:
            wire.send(self.outgoing, request | {"ticket": ticket}, [content])
            header, body = wire.receive(self.incoming, most)
            if header.get("ticket") != ticket:
                raise wire.Broken("the answer to another question")
            answered = True
            self.spent = header.pop("spent", False) is not False
            return header, body
        except (wire.Broken, OSError) as exc:
            if out_of_time.is_set():
                raise TooLarge(sentence("io.file.too_slow", seconds=seconds)) from exc
            raise UnreadableFile(sentence("io.file.stopped_reader")) from exc
        finally:
            clock.cancel()
            clock.join()
            if out_of_time.is_set() or not answered:
                self.close()  # nothing of this file may be left in the pipe for the next one

    def close(self) -> None:
        """End the process, whatever it is doing."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self._close_pipes()
        self.process.wait()

    def disown(self) -> None:
        """Close this side's pipes and leave the process to its real parent."""
        self.process.returncode = 0  # so that nothing waits for it, or warns
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.incoming, self.outgoing):
            with contextlib.suppress(OSError):
                pipe.close()


class Pool:
    """Up to ``size`` warm workers, started when first needed. Thread-safe."""

    def __init__(self, size: int = POOL_SIZE) -> None:
        self._size = size
        self._reset()

    def _reset(self) -> None:
        self._lent = threading.BoundedSemaphore(self._size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def warm(self, workers: int = 1) -> None:
        """Start workers ahead of the first file; returns at once."""
        with self._lock:
            missing = workers - len(self._idle)
            self._idle += [Worker() for _ in range(missing)]

    def run(
        self, task: str, content: bytes, name: str, limits: Limits, **options: Any
    ) -> wire.Part:
        """Decode ``content`` with ``task``, a "module:function" of this program.

        The function takes (content, name, limits, **options) and returns a Picture, Notes or
        Sound.

        Raises: what the function raises, if it is an MMBMError; TooLarge after
        ``limits.decode_seconds`` or ``limits.decode_memory``; UnreadableFile for all else.
        """
        request = {
            "task": task,
            "name": name,
            "limits": limits.model_dump(mode="json"),
            "options": options,
        }
        most = max(8 * limits.pixels, int(4 * 16_000 * (limits.audio_seconds + 1)))
        with self._lent:
            worker = self._take()
            try:
                header, body = worker.ask(
                    request, content, seconds=limits.decode_seconds, most=most
                )
            finally:
                worker.read_last = time.monotonic()
                self._put_back(worker)
        if "error" in header:
            raise _error(header, limits)
        try:
            return wire.rebuild(str(header.get("kind")), header.get("fields", {}), body)
        except wire.Broken as exc:
            raise UnreadableFile(sentence("io.file.damaged")) from exc

    def retire(self, idle_seconds: float = 0.0) -> None:
        """End the workers that have read a file and none for so long; fresh ones take their place.

        What a decoder leaves in its memory goes with the process.
        """
        before = time.monotonic() - idle_seconds
        with self._lock:
            used = [w for w in self._idle if w.read_last is not None and w.read_last <= before]
            self._idle = [w for w in self._idle if w not in used] + [Worker() for _ in used]
        for worker in used:
            worker.close()

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.close()

    def forget(self) -> None:
        """Let go of the workers without ending them: they belong to the parent of a fork."""
        for worker in self._idle:
            worker.disown()
        self._reset()

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.close()
        return Worker()

    def _put_back(self, worker: Worker) -> None:
        if worker.spent:
            worker.close()
        with self._lock:
            self._idle.append(worker if worker.alive else Worker())


def _error(header: dict[str, Any], limits: Limits) -> MMBMError:
    if header["error"] == "memory":
        return TooLarge(sentence("io.file.memory", gigabytes=limits.decode_memory / 2**30))
    kind = getattr(mmbm.errors, str(header["error"]), None)
    if not (isinstance(kind, type) and issubclass(kind, InputError)):
        return UnreadableFile(sentence("io.file.damaged"))
    try:
        return kind(wire.said(header.get("sentence")))
    except wire.Broken:
        return UnreadableFile(sentence("io.file.damaged"))


def _widen(pipe: BinaryIO) -> None:
    """A larger buffer where the system has it: a film is tens of megabytes."""
    try:
        from fcntl import F_SETPIPE_SZ, fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        fcntl(pipe.fileno(), F_SETPIPE_SZ, _PIPE_BYTES)


_pool = Pool()
retire = _pool.retire
run = _pool.run
warm = _pool.warm
atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
