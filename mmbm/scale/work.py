"""What one process does with rows: prepares them, and where it holds the model scores them.

On a CPU every worker process does both, so that cores share nothing and rows go as fast as there
are cores. For a graphics card workers prepare, and the one process that holds the card scores.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeAlias

import torch
from torch import Tensor

from mmbm.errors import ModelError, OutOfMemory
from mmbm.model import checkpoint
from mmbm.predict import Prediction, Predictor, Ready
from mmbm.predict.batches import Pace, pace_of
from mmbm.predict.ready import readers_of
from mmbm.scale.line import Line, line_of, maps_of, refused_line
from mmbm.scale.options import Options
from mmbm.scale.read import Prepare
from mmbm.scale.rows import Index, Row
from mmbm.text import Language, Sentence

__all__ = ["Done", "Found", "Scorer", "Task", "begin_worker", "in_worker", "lines_of"]

Found: TypeAlias = Ready | Line | Sentence
Done: TypeAlias = list[tuple[Row, Found]]
TOGETHER = 8  # rows whose encoders run together on a CPU


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker process is for."""

    index: Index
    options: Options
    whole: bool  # prepare and score; else prepare alone


class Scorer:
    """A model that makes lines of rows."""

    def __init__(self, index: Index, options: Options, threads: int = 0) -> None:
        self.index, self.options = index, options
        self.predictor = Predictor.load(options.model, options.device, threads)
        predictor = self.predictor
        self.prepare = Prepare(index.url, predictor.config, predictor.readers)
        self.pace: Pace = predictor.alone(
            lambda: pace_of(predictor.network, predictor.torch_device, bf16=options.bf16)
        )
        self.together = max(TOGETHER, self.pace.rows)

    def __call__(self, rows: Sequence[Row]) -> Done:
        """Prepare and score rows, in their order."""
        return self.lines(zip(rows, self.prepare(rows), strict=True))

    def lines(self, prepared: Iterable[tuple[Row, Found]]) -> Done:
        """Score rows that are prepared; what is no case stays as it is."""
        done: Done = []
        waiting = iter(prepared)
        while some := list(islice(waiting, self.together)):
            cases = [(row, found) for row, found in some if isinstance(found, Ready)]
            answers = iter(self._answers([ready for _, ready in cases]))
            done += [
                (row, self._line(row, found, next(answers)) if isinstance(found, Ready) else found)
                for row, found in some
            ]
        return done

    def _answers(self, cases: Sequence[Ready]) -> list[Prediction | Sentence]:
        """Predictions; where a batch fails, of each case by itself, or why there is none."""
        try:
            return list(self.predictor.predict_ready(cases, pace=self.pace))
        except (ModelError, OutOfMemory) as exc:
            if len(cases) == 1:
                return [exc.sentence]
        return [answer for case in cases for answer in self._answers([case])]

    def _line(self, row: Row, ready: Ready, answer: Prediction | Sentence) -> Line | Sentence:
        if isinstance(answer, Sentence):
            return answer
        values = line_of(self.index, row, ready, answer, self.predictor, self.options.level)
        maps = maps_of(self.predictor, answer, row) if self.options.maps != "none" else {}
        return Line(values, maps)


def lines_of(index: Index, done: Done, language: Language) -> list[Line]:
    """What is written of rows: their scores, or why there are none."""
    return [
        found if isinstance(found, Line) else Line(refused_line(index, row, found, language), {})
        for row, found in done
        if not isinstance(found, Ready)
    ]


_worker: list[Any] = []  # of a worker process alone: what does its task


def begin_worker(task: Task) -> None:
    """Make a fresh process a worker that ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    threading.Thread(target=_end_with_parent, daemon=True).start()
    ForkingPickler.register(Tensor, _as_array)
    torch.set_num_threads(1)
    if task.whole:
        _worker[:] = [Scorer(task.index, task.options, 1)]
    else:
        loaded = checkpoint.read(task.options.model)
        _worker[:] = [Prepare(task.index.url, loaded.network.config, readers_of(loaded))]


def in_worker(rows: Sequence[Row]) -> Done:
    """Do a worker's task on some rows."""
    (does,) = _worker
    if isinstance(does, Scorer):
        return does(rows)
    return list(zip(rows, does(rows), strict=True))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # a killed parent reads no answer, and this one waits for its questions


def _as_array(tensor: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """A tensor by value: torch would hand on a descriptor of shared memory for each."""
    return torch.from_numpy, (tensor.detach().cpu().numpy(),)
