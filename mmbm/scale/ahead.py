"""Worker processes that work ahead of whoever takes their results, in order, and may die."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from mmbm.errors import OutOfMemory
from mmbm.scale.rows import Row
from mmbm.scale.work import Done, Found, Task, begin_worker, in_worker
from mmbm.text import sentence

__all__ = ["Ahead"]

TOO_MANY = 5
EACH = 3  # groups of rows in flight, for each worker


class Ahead:
    """A pool of workers. A row that ends its worker twice, or fails, is refused; no other is.

    Raises
    ------
    OutOfMemory
        Row after row ends its worker: it is not the rows.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self.task, self.workers = task, workers
        self.stopped = 0  # rows that ended their worker, one after the other
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self) -> None:
        self._pool = ProcessPoolExecutor(
            self.workers,
            mp_context=get_context("spawn"),
            initializer=begin_worker,
            initargs=(self.task,),
        )

    def __call__(self, groups: Iterable[Sequence[Row]]) -> Iterator[Done]:
        """What became of each group, in order; groups are taken a little ahead."""
        flying: deque[tuple[Sequence[Row], Future[Done]]] = deque()
        for rows in groups:
            flying.append((rows, self._submit(rows)))
            if len(flying) > EACH * self.workers:
                yield self._landed(*flying.popleft())
        while flying:
            yield self._landed(*flying.popleft())

    def _submit(self, rows: Sequence[Row]) -> Future[Done]:
        try:
            return self._pool.submit(in_worker, rows)
        except BrokenProcessPool:
            self._again()
            return self._pool.submit(in_worker, rows)

    def _again(self) -> None:
        self._pool.shutdown(wait=False)
        self._begin()

    def _landed(self, rows: Sequence[Row], future: Future[Done]) -> Done:
        if future.exception() is None:
            self.stopped = 0
            return future.result()
        return [(row, self._alone(row)) for row in rows]

    def _alone(self, row: Row) -> Found:
        """One row after its group failed: twice, for another's row may have ended the worker."""
        for _ in range(2):
            future = self._submit([row])
            failed = future.exception()
            if failed is None:
                self.stopped = 0
                return future.result()[0][1]
        if not isinstance(failed, BrokenProcessPool):
            return sentence("scale.row_failed", kind=type(failed).__name__)
        self.stopped += 1
        if self.stopped >= TOO_MANY:
            raise OutOfMemory(sentence("scale.workers_stop"))
        return sentence("scale.row_stopped")
