"""Predictor: Case -> Prediction. The only place that knows device, threads and queue."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

import mmbm
from mmbm.case import MODALITIES, Case, Modality
from mmbm.config import POOR_QUALITY, ModelConfig
from mmbm.device import cores, probe_device
from mmbm.errors import ModelError, NoSignal
from mmbm.inputs import Prepared, prepare
from mmbm.memory import first_that_fits, on_cpu
from mmbm.model import checkpoint
from mmbm.model.checkpoint import LoadedModel, ModelIdentity
from mmbm.model.facts import Calibrated, calibrated_at, read_facts
from mmbm.model.folding import folded
from mmbm.model.network import Inputs, MultimodalBigModel, Positions
from mmbm.model.readout import CoalitionReadout, Readout
from mmbm.model.tables import TrustTables
from mmbm.record.record import Level
from mmbm.record.standing import standing

__all__ = ["Features", "Finding", "Prediction", "Predictor", "SoundEvent", "load"]


Result = TypeVar("Result")

POOR_FROM = 0.5  # probability from which a recording is said to be of poor quality
POOR = (
    "The recording sounds of poor quality to the model: listen to it, and record again if you can."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding's score. ``probability = sigmoid(logit)``, both calibrated."""

    name: str
    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """One kind of lung sound, heard by the audio branch alone."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Features:
    """What one forward pass leaves behind, on the CPU; all explanations are read from it."""

    means: Tensor  # (3, d) float32: f_i in the order of MODALITIES, 0 where absent
    positions: dict[Modality, Positions]  # of the modalities that are present, batch of one
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's answer to one case, with all it was made from."""

    identity: ModelIdentity
    mmbm_version: str
    device: str
    present: tuple[Modality, ...]
    findings: tuple[Finding, ...]
    sound_events: tuple[SoundEvent, ...]
    features: Features
    readout: Readout | CoalitionReadout
    trust: TrustTables | None  # what mmbm.trust judges this prediction by
    warnings: tuple[str, ...]
    seconds: dict[str, float]  # of each step: prepare, image, notes, audio, head; side by side

    @property
    def fusion_weights(self) -> dict[Modality, float]:
        """w_i of each modality; they sum to 1. With gates, of this case; empty with ``concat``."""
        weights = self.readout.fusion_weights(self.features.means)
        return {} if weights is None else dict(zip(MODALITIES, weights.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Half:
    """Some parts of a case as prepared and as encoded, and the seconds of each step."""

    prepared: Prepared
    positions: dict[Modality, Positions]  # on the CPU
    seconds: dict[str, float]


class Predictor:
    """A loaded model on a device, with one worker that takes cases in turn.

    One worker, because two cases at a time are slower than one after the other. It has the picture
    read in one lane and the notes and the sound in another, which never wait for each other. One
    torch thread for two cores, at most four, in each: a part is small, and on two cores a second
    thread made the net nearly twice as slow (``benchmarks/case.py``), waiting at every step of the
    recurrent one.
    """

    def __init__(self, loaded: LoadedModel, device: str = "auto", threads: int = 0) -> None:
        self.identity = loaded.identity
        self.config: ModelConfig = loaded.network.config
        self.folder: Path = loaded.folder
        self.tokenizer = loaded.tokenizer
        self.trust = loaded.trust
        self._place(folded(loaded.network), probe_device(device))
        self._threads = threads or min(max(cores() // 2, 1), 4)
        self._readout = self.network.readout()
        self._mean_film = self.network.mean_film.cpu()
        self._worker = ThreadPoolExecutor(1, "mmbm-predict", initializer=self._set_threads)
        self._lanes = ThreadPoolExecutor(2, "mmbm-lane", initializer=self._set_threads)

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
        if not case.present:
            raise NoSignal("The case is empty: give an image, notes or a recording.")
        if not set(case.present) & set(self.config.modalities):
            raise NoSignal(f"This model reads {' and '.join(self.config.modalities)} only.")
        return self.fitting(lambda which: which.alone(lambda: which._predict(case)))

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
        """Wait for a turn on the one worker, do ``work`` there, return what it returns."""
        return self._worker.submit(work).result()

    def _set_threads(self) -> None:
        torch.set_num_threads(self._threads)

    def _predict(self, case: Case) -> Prediction:
        halves = Case(image=case.image), Case(notes=case.notes, audio=case.audio)
        seen, told = self._lanes.map(self._read, halves)
        prepared = _together(seen.prepared, told.prepared)
        positions = seen.positions | told.positions
        seconds = dict.fromkeys(MODALITIES, 0.0) | seen.seconds | told.seconds
        seconds["prepare"] = seen.seconds["prepare"] + told.seconds["prepare"]
        begun = time.perf_counter()
        with torch.inference_mode():
            means = torch.zeros(len(MODALITIES), self.config.features)
            for modality, positioned in positions.items():
                means[MODALITIES.index(modality)] = positioned.mean[0]
            logits = self._readout.logits(means)
            if not bool(logits.isfinite().all()):
                raise ModelError("The model gave no finite number for this case; choose another.")
            findings = tuple(
                Finding(name, float(z), float(z.sigmoid()))
                for name, z in zip(self.config.findings, logits, strict=True)
            )
            events: tuple[SoundEvent, ...] = ()
            said: tuple[str, ...] = ()
            if "audio" in positions:
                heard = self.network.sound_head(means[2].to(self.torch_device)).sigmoid().cpu()
                named = dict(zip(self.config.sound_events, heard.tolist(), strict=True))
                if named.pop(POOR_QUALITY, 0.0) >= POOR_FROM:
                    said += (POOR,)
                events = tuple(SoundEvent(name, p) for name, p in named.items())
        seconds["head"] = time.perf_counter() - begun
        unread = [m for m in case.present if m not in positions]
        note = f"This model does not read {' or '.join(unread)}; that part was left out."
        return Prediction(
            identity=self.identity,
            mmbm_version=mmbm.__version__,
            device=self.device,
            present=tuple(positions),
            findings=findings,
            sound_events=events,
            features=Features(means, positions, prepared),
            readout=self._readout,
            trust=self.trust,
            warnings=case.warnings + prepared.warnings + said + ((note,) if unread else ()),
            seconds=seconds,
        )

    def _read(self, half: Case) -> _Half:
        """Prepare and encode some of the parts of a case."""
        clock = [time.perf_counter()]
        prepared = prepare(half, self.config, self.tokenizer, self._mean_film)
        clock.append(time.perf_counter())
        seconds = {"prepare": clock[1] - clock[0]}
        positions: dict[Modality, Positions] = {}
        with torch.inference_mode():  # not around prepare: attributions take gradients there
            inputs = to_device(prepared.inputs, self.torch_device)
            for modality in half.present:
                found = self.network.encode(modality, inputs)
                if found is not None:
                    positions[modality] = replace(
                        found, vectors=found.vectors.cpu(), weights=found.weights.cpu()
                    )
                clock.append(time.perf_counter())
                seconds[modality] = clock[-1] - clock[-2]
        return _Half(prepared, positions, seconds)


def _together(seen: Prepared, told: Prepared) -> Prepared:
    """A case as prepared, from its picture and from its notes and sound."""
    inputs = replace(
        told.inputs,
        present=seen.inputs.present | told.inputs.present,
        film=seen.inputs.film,
    )
    warnings = (*seen.warnings, *told.warnings)
    return replace(told, inputs=inputs, warnings=warnings, film=seen.film)


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


def to_device(inputs: Inputs, device: torch.device) -> Inputs:
    """The same batch on another device."""
    moved: dict[str, Any] = {
        f.name: None if (t := getattr(inputs, f.name)) is None else t.to(device)
        for f in fields(Inputs)
    }
    return Inputs(**moved)
