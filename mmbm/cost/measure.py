"""Score the sample cases again and again, and see what it takes."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch

import mmbm
from mmbm.analysis import analyse
from mmbm.case import Case
from mmbm.cost.energy import metered
from mmbm.cost.figures import CostReport
from mmbm.device import cores
from mmbm.io import read_case, retire, warm
from mmbm.predict import Predictor
from mmbm.storage import assets_folder
from mmbm.text import sentence

__all__ = ["measure"]

FILES = {"image": "image.dcm", "notes": "notes.txt", "audio": "sound.wav"}
WARM_UP = 3  # cases that are not counted
Progress = Callable[[str, int, int], None]


def measure(
    model: str = "default", device: str = "auto", cases: int = 30, *, progress: Progress
) -> CostReport:
    """Score so many cases one by one, from their files, and then in batches.

    Raises
    ------
    ModelError, OutOfMemory
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    predictor = Predictor.load(model, device)
    warm(len(FILES))
    samples = [_files(folder, predictor) for folder in sorted(_samples())]
    for k in range(WARM_UP):
        _once(samples[k % len(samples)], predictor)
    rounds = []
    with metered(predictor.torch_device) as single:
        begun = perf_counter()
        for k in range(cases):
            rounds.append(_once(samples[k % len(samples)], predictor))
            progress("cases", k + 1, cases)
        one_by_one = cases / (perf_counter() - begun)
    decoded = [_read(files) for files in samples]
    many = [decoded[k % len(decoded)] for k in range(cases)]
    list(predictor.predict_many(many[:WARM_UP]))
    with metered(predictor.torch_device) as together:
        begun = perf_counter()
        for _ in predictor.predict_many(many):
            pass
        batched = cases / (perf_counter() - begun)
    whole = [sum(one[name] for name in ("decode", "score", "explain")) for one in rounds]
    return CostReport(
        notice=str(sentence("report.notice")),
        model=f"{predictor.identity.name} {predictor.identity.version}",
        model_sha256=predictor.identity.sha256,
        mmbm_version=mmbm.__version__,
        torch_version=str(torch.__version__),
        day=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=cores(),
        threads=predictor.alone(torch.get_num_threads),
        device=predictor.device,
        load=load,
        cases=cases,
        parts=tuple(samples[0]),
        one_by_one=one_by_one,
        seconds_median=median(whole),
        seconds_p95=float(np.percentile(whole, 95)),
        batched=batched,
        steps={name: median(one[name] for one in rounds) for name in rounds[0] if name != "score"},
        memory_mb=_memory(),
        device_memory_mb=_device_memory(predictor.torch_device),
        joules=None if single.total is None else single.total / cases,
        joules_batched=None if together.total is None else together.total / cases,
        metered=tuple(single.joules),
    )


def _samples() -> list[Path]:
    return [path for path in (assets_folder() / "samples").iterdir() if path.is_dir()]


def _files(folder: Path, predictor: Predictor) -> dict[str, Path]:
    """A sample's files that the model reads."""
    return {m: folder / name for m, name in FILES.items() if m in predictor.config.modalities}


def _read(files: dict[str, Path]) -> Case:
    return read_case(files.get("image"), files.get("notes"), files.get("audio"))


def _once(files: dict[str, Path], predictor: Predictor) -> dict[str, float]:
    """Seconds of each step of one case, and of scoring as a whole."""
    begun = perf_counter()
    case = _read(files)
    decoded = perf_counter()
    analysis = analyse(case, predictor)
    scored = perf_counter()
    _ = analysis.accounts, analysis.maps, analysis.judgement, analysis.warnings
    end = perf_counter()
    steps = {"decode": decoded - begun, "score": scored - decoded}
    return steps | analysis.prediction.seconds | {"explain": end - scored}


def _memory() -> float | None:
    """Peak MiB of this process and of its largest decoder, which end: only then it counts."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    retire()
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peaks = sum(resource.getrusage(who).ru_maxrss for who in whose)
    return peaks / (2**20 if sys.platform == "darwin" else 2**10)


def _device_memory(device: torch.device) -> float | None:
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
