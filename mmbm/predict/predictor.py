"""Predictor: Case -> Prediction. The only place that knows device, threads and queue."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import torch
from torch import Tensor

import mmbm
from mmbm.branches.branch import Reader
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.device import cores, first_that_fits, on_cpu, probe_device
from mmbm.errors import ModelError
from mmbm.model import checkpoint
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.config import ModelConfig
from mmbm.model.facts import Calibrated, calibrated_at, read_facts
from mmbm.model.network import MultimodalBigModel, Positions
from mmbm.predict.prediction import Event, Features, Finding, Prediction
from mmbm.predict.ready import Ready, make_many_ready, need_parts, readers_of
from mmbm.record import Level, standing
from mmbm.text import name_of, sentence

if TYPE_CHECKING:
    from mmbm.predict.batches import Pace

__all__ = ["Predictor", "load"]


Result = TypeVar("Result")
TOGETHER = 32  # cases that ``predict_many`` holds at a time, at least


class Predictor:
    """A loaded model on a device, with one worker that takes cases in turn.

    One worker, because two cases at a time are slower than one after the other. It has the parts of
    a case read in two lanes, which never wait for each other. One torch thread for two cores, at
    most four, in each: a part is small, and on two cores a second thread made the net nearly twice
    as slow (``benchmarks/case.py``), waiting at every step of the recurrent one.
    """

    def __init__(self, loaded: LoadedModel, device: str = "auto", threads: int = 0) -> None:
        self.identity = loaded.identity
        self.config: ModelConfig = loaded.network.config
        self.folder: Path = loaded.folder
        self.tools = loaded.tools
        self.trust = loaded.trust
        self.readers: dict[str, Reader] = readers_of(loaded)
        self._place(folded(loaded.network), probe_device(device))
        self._threads = threads or min(max(cores() // 2, 1), 4)
        self._readout = self.network.readout()
        self._turn = threading.local()
        self._worker = ThreadPoolExecutor(1, "mmbm-predict", initializer=self._begin_worker)
        self._lanes = ThreadPoolExecutor(2, "mmbm-lane", initializer=self._begin_worker)

    @classmethod
    def load(cls, model: str | Path = "default", device: str = "auto", threads: int = 0) -> Self:
        """Load a model by name or folder.

        Raises
        ------
        ModelError
            No such model, damaged or altered files, or no such device.
        """
        return cls(checkpoint.read(model), device, threads)

    @cached_property
    def standing(self) -> dict[str, Level]:
        """What each finding may be called, by the model's record; empty without one that fits."""
        return standing(self.folder)

    @cached_property
    def calibrated(self) -> dict[str, Calibrated]:
        """How common each finding was at calibration; empty where the card does not state it."""
        return calibrated_at(read_facts(self.folder))

    @property
    def device(self) -> str:
        """The device in words, for the screen and the report."""
        if self.torch_device.type == "cuda":
            return f"cuda ({torch.cuda.get_device_name(self.torch_device)})"
        return self.torch_device.type

    def predict(self, case: Case) -> Prediction:
        """Score one case; safe to call from several threads.

        Raises
        ------
        NoSignal
            The case has no part at all.
        OutOfMemory
            Nor on the CPU.
        ModelError
            The model gave no finite number.
        """
        need_parts(case, self.config)
        return self.fitting(lambda which: which.alone(lambda: which._predict(case)))

    def predict_many(
        self, cases: Iterable[Case], *, pace: Pace | None = None
    ) -> Iterator[Prediction]:
        """Score cases in batches, in their order; each gets the numbers that it gets alone.

        A few are taken and held at a time, whatever their number.

        Raises
        ------
        NoSignal, OutOfMemory, ModelError
            As :meth:`predict`, of the case whose turn it is.
        """
        pace, waiting = pace or self.pace, iter(cases)
        together = max(TOGETHER, pace.rows)
        while some := list(islice(waiting, together)):
            ready, refused = make_many_ready(some, self.config, self.readers)
            yield from self.predict_ready(ready, pace=pace)
            if refused is not None:
                raise refused

    def predict_ready(
        self, cases: Sequence[Ready], *, pace: Pace | None = None
    ) -> list[Prediction]:
        """Score cases that are prepared already, together. Raises OutOfMemory, ModelError."""
        return self.alone(lambda: self._predict_ready(cases, pace or self.pace))

    @cached_property
    def pace(self) -> Pace:
        """How this device reads many parts, in float32."""
        from mmbm.predict.batches import pace_of

        return pace_of(self.network, self.torch_device)

    def fitting(self, task: Callable[[Self], Result]) -> Result:
        """Do a task with this predictor, and where memory runs out with its copy on the CPU.

        Raises
        ------
        OutOfMemory
        """
        return first_that_fits((lambda: task(self), lambda: task(self.on_cpu())))

    def on_cpu(self) -> Self:
        """The same model on the CPU, behind the same worker; itself where it is there already."""
        if self.torch_device.type == "cpu":
            return self
        other = copy.copy(self)
        other._place(on_cpu(self.network), torch.device("cpu"))
        return other

    def _place(self, network: MultimodalBigModel, device: torch.device) -> None:
        """Let this network on this device be the one that reads."""
        self.torch_device, self.network = device, network.to(device)
        if device.type == "cpu":
            self.network.encoders.to(memory_format=torch.channels_last)

    def alone(self, work: Callable[[], Result]) -> Result:
        """Wait for a turn on the one worker, do ``work`` there, return what it returns.

        Work that is on the worker already goes on at once.
        """
        if getattr(self._turn, "own", False):
            return work()
        return self._worker.submit(work).result()

    def _begin_worker(self) -> None:
        self._turn.own = True  # in this thread alone
        torch.set_num_threads(self._threads)

    def _predict(self, case: Case) -> Prediction:
        present = [m for m in self.config.modalities if m in case.parts]
        prepared: dict[str, PreparedPart] = {}
        positions: dict[str, Positions] = {}
        seconds = dict.fromkeys(("prepare", *self.config.modalities), 0.0)
        read = self._lanes.map(lambda m: self._read(m, case.parts[m]), present)
        for modality, (part, seen, *spent) in zip(present, read, strict=True):
            prepared[modality], positions[modality] = part, seen
            seconds["prepare"] += spent[0]
            seconds[modality] = spent[1]
        unread = tuple(m for m in case.present if m not in prepared)
        return self._answer(Ready(prepared, {}, case.warnings, unread), positions, seconds)

    def _predict_ready(self, cases: Sequence[Ready], pace: Pace) -> list[Prediction]:
        from mmbm.predict.batches import encode_parts

        seen: list[dict[str, Positions]] = [{} for _ in cases]
        spent = {}
        for modality in self.config.modalities:
            begun = time.perf_counter()
            having = [i for i, case in enumerate(cases) if modality in case.prepared]
            parts = [cases[i].prepared[modality] for i in having]
            found = encode_parts(self.network, self.torch_device, modality, parts, pace)
            for i, positions in zip(having, found, strict=True):
                seen[i][modality] = positions
            spent[modality] = (time.perf_counter() - begun) / max(len(having), 1)
        return [
            self._answer(case, positions, {"prepare": 0.0} | spent)
            for case, positions in zip(cases, seen, strict=True)
        ]

    def _answer(
        self, case: Ready, positions: dict[str, Positions], seconds: Mapping[str, float]
    ) -> Prediction:
        """Features to findings and events, with what there is to say of the case."""
        config, begun = self.config, time.perf_counter()
        with torch.inference_mode():
            means = torch.zeros(len(config.modalities), config.features)
            for modality, seen in positions.items():
                means[config.modalities.index(modality)] = seen.mean[0]
            logits = self._readout.logits(means)
            if not bool(logits.isfinite().all()):
                raise ModelError(sentence("predict.not_finite"))
            findings = tuple(
                Finding(name, float(z), float(z.sigmoid()))
                for name, z in zip(config.findings, logits, strict=True)
            )
            events, said = self._events(means, tuple(positions))
        warnings = [w for part in case.prepared.values() for w in part.warnings] + said
        if case.unread:
            names = tuple(name_of("modality", m) for m in case.unread)
            warnings.append(sentence("predict.not_read", modalities=names))
        return Prediction(
            identity=self.identity,
            mmbm_version=mmbm.__version__,
            device=self.device,
            modalities=config.modalities,
            present=tuple(positions),
            findings=findings,
            events=events,
            features=Features(means, positions, dict(case.prepared)),
            readout=self._readout,
            trust=self.trust,
            warnings=(*case.warnings, *warnings),
            seconds={**seconds, "head": time.perf_counter() - begun},
        )

    def _read(self, modality: str, part: Any) -> tuple[PreparedPart, Positions, float, float]:
        """Prepare and encode one part of a case; the seconds of either."""
        clock = [time.perf_counter()]
        prepared = self.readers[modality](part)
        clock.append(time.perf_counter())
        with torch.inference_mode():  # not around the reader: attributions take gradients there
            tensors = (tensor.to(self.torch_device) for tensor in prepared.tensors)
            seen = self.network.encode(modality, *tensors)
            seen = replace(seen, vectors=seen.vectors.cpu(), weights=seen.weights.cpu())
        clock.append(time.perf_counter())
        return prepared, seen, clock[1] - clock[0], clock[2] - clock[1]

    def _events(
        self, means: Tensor, present: tuple[str, ...]
    ) -> tuple[dict[str, tuple[Event, ...]], list[str]]:
        """What the second heads tell, and what their branches warn of."""
        events: dict[str, tuple[Event, ...]] = {}
        said: list[str] = []
        for modality, names in self.config.events.items():
            if modality in present:
                feature = means[self.config.modalities.index(modality)].to(self.torch_device)
                told = self.network.event_heads[modality](feature).sigmoid().tolist()
                shown, warnings = branch_of(modality).heard(dict(zip(names, told, strict=True)))
                events[modality] = tuple(Event(name, p) for name, p in shown.items())
                said += warnings
        return events, said


def load(model: str | Path = "default", device: str = "auto", threads: int = 0) -> Predictor:
    """A model by a shipped one's name or by its folder, ready to score cases.

    ``device`` is auto, cuda, mps or cpu; ``threads`` torch's, 0 for as many as suit.

    Raises
    ------
    ModelError
        No such model, damaged or altered files, or no such device.

    >>> load("default", "cpu").config.findings
    ('pneumonia', 'no_finding', 'viral')
    """
    return Predictor.load(model, device, threads)


def folded(network: MultimodalBigModel) -> MultimodalBigModel:
    """A copy, in eval mode on the CPU, whose encoders are in the form that reads fastest."""
    network = copy.deepcopy(network).cpu().eval()
    for modality in network.config.modalities:
        branch, encoder = branch_of(modality), network.encoders[modality]
        network.encoders[modality] = branch.folded(network.config.of(modality), encoder)
    return network
