"""The price of an explanation: ledger and maps, against Captum on the whole net.

    python benchmarks/explain.py [--model default] [--rounds 3] [--captum 1] [--json] [--curve]

One interleaved run on a sample case, one torch thread: a forward pass; the ledger, weights and
last-layer maps of all findings; the page's maps of all findings, whose film is read four times more
and put in its place (``finer_over_forward``); our maps of three modalities for one finding; and
Captum's IntegratedGradients with its 50 steps on the whole net, all three inputs at once, in one
batch and with ``internal_batch_size``. Memory is the peak above what was held before, of this
process. Agreement is the correlation of two maps, in tiles, words and blocks of half a second.

The ratios to Captum hang on how the memory allocator treats its 3 GB: where freed memory stays with
the process (``MALLOC_TRIM_THRESHOLD_`` and ``MALLOC_MMAP_THRESHOLD_`` set high), its default takes
less than half as long.

``--curve`` prints what integrated gradients would cost instead: the residual of each quadrature at
each layer against its time in forward passes. ``--json`` prints one line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import captum
import numpy as np
import torch
from captum.attr import IntegratedGradients
from case import SAMPLE, processor
from torch.nn.functional import adaptive_avg_pool2d

import mmbm
from mmbm.case import MODALITIES
from mmbm.device import cores
from mmbm.evaluate.golden import sample_case
from mmbm.explain.attribution import closer_maps, space_of
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import finer_maps, last_layers
from mmbm.model.network import Inputs
from mmbm.predict import Prediction, Predictor

FINDING = "pneumonia"
NODES = (1, 2, 4, 8, 16, 32)


def resident() -> int:
    """Bytes of memory that this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    """What a task returns, and its seconds."""
    began = time.perf_counter()
    result = task()
    return result, time.perf_counter() - began


def memory_of(task: Callable[[], Any]) -> float:
    """A task's peak memory above the start, in MB; not while it is timed, for watching slows it."""
    peak, before, done = resident(), resident(), threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    task()
    done.set()
    watcher.join()
    return (peak - before) / 2**20


class Whole:
    """The whole net as Captum's users would give it: film, embedded words and waveform at once."""

    def __init__(self, predictor: Predictor, prediction: Prediction) -> None:
        self.network, self.readout = predictor.network, prediction.readout
        self.index = [f.name for f in prediction.findings].index(FINDING)
        prepared = prediction.features.prepared
        (self.film,), (self.tokens, self.lengths) = (
            prepared[m].tensors for m in ("image", "notes")
        )
        self.spaces = {
            over: space_of(predictor, prediction, over, FINDING)
            for over in ("pixels", "words", "samples")
        }
        self.given = tuple(s.given for s in self.spaces.values())
        names = ("grey", "blank", "noise")
        self.baselines = tuple(
            s.baseline(n) for s, n in zip(self.spaces.values(), names, strict=True)
        )

    def __call__(self, film: torch.Tensor, embedded: torch.Tensor, waveform: torch.Tensor) -> Any:
        rows = len(film)
        embed = self.network.encoders["notes"].embed
        hook = embed.register_forward_hook(lambda *_: embedded)
        lungs = self.film[:, 1:].expand(rows, -1, -1, -1)
        parts = {
            "image": (torch.cat([film, lungs], 1),),
            "notes": (self.tokens.expand(rows, -1), self.lengths.expand(rows)),
            "audio": (waveform,),
        }
        try:
            features = self.network.features(Inputs(torch.ones(rows, 3, dtype=torch.bool), parts))
        finally:
            hook.remove()
        fused = (self.readout.scale * self.readout.weights).float() @ features
        row = self.readout.head[self.index].float()
        return fused[:, self.index] @ row + float(self.readout.bias[self.index])

    def explain(self, at_once: int | None) -> tuple[tuple[torch.Tensor, ...], float]:
        """Captum's defaults: 50 steps, Gauss-Legendre. The maps, and the residual."""
        maps, delta = IntegratedGradients(self).attribute(
            self.given,
            baselines=self.baselines,
            internal_batch_size=at_once,
            return_convergence_delta=True,
        )
        with torch.no_grad():
            explained = float(self(*self.given) - self(*self.baselines))
        return tuple(m.detach() for m in maps), abs(float(delta.sum())) / abs(explained)


def agreement(whole: Whole, theirs: tuple[torch.Tensor, ...], ours: Any) -> dict[str, float]:
    """Correlation of our film and words with Captum's, in tiles and words."""
    values = torch.from_numpy(np.asarray(ours[0].values))[None]
    found = {}
    if whole.film.shape[1] == 1:  # else the map lies on the whole film
        pairs = torch.stack([adaptive_avg_pool2d(m, 16).flatten() for m in (theirs[0][0], values)])
        found["film"] = round(float(torch.corrcoef(pairs)[0, 1]), 3)
    tokens = whole.spaces["words"].prediction.features.prepared["notes"].tokens
    pieces = theirs[1][0].sum(-1)
    of_word = torch.unique(torch.tensor(tokens.words), return_inverse=True)[1]
    summed = torch.zeros(int(of_word.max()) + 1).index_add(0, of_word, pieces)
    words = torch.tensor([word.share for word in ours[1].values])
    if len(words) == len(summed):
        found["words"] = round(float(torch.corrcoef(torch.stack([summed, words]))[0, 1]), 3)
    return found


def curve(predictor: Predictor, prediction: Prediction, forward: float) -> list[dict[str, Any]]:
    """Residual against cost of integrated gradients: from the input, and from each later stage."""
    lines = []
    for over, name in (("pixels", "blur"), ("words", "unknown"), ("bands", "steady")):
        space = space_of(predictor, prediction, over, FINDING)
        for layer in ("input", *(STAGES if over == "pixels" else ())):
            module = None if layer == "input" else space.encoder.get_submodule(layer)
            if module is None:
                start, end, score = space.given, space.baseline(name), space.score
            else:
                start, end = (
                    _output(space.score, module, x) for x in (space.given, space.baseline(name))
                )

                def score(rows: torch.Tensor, module: Any = module, space: Any = space) -> Any:
                    hook = module.register_forward_hook(lambda *_: rows)
                    try:
                        return space.score(space.given.expand(len(rows), *space.given.shape[1:]))
                    finally:
                        hook.remove()

            with torch.no_grad():
                explained = float(score(start) - score(end))
            for nodes in NODES:
                began = time.perf_counter()
                values = IntegratedGradients(score).attribute(
                    start, end, n_steps=nodes, internal_batch_size=min(nodes, 8)
                )
                lines.append(
                    {
                        "over": over,
                        "layer": layer,
                        "nodes": nodes,
                        "forwards": round((time.perf_counter() - began) / forward, 1),
                        "residual": round(
                            abs(float(values.detach().sum()) - explained) / abs(explained), 4
                        ),
                    }
                )
    return lines


STAGES = tuple(
    f"backbone.{part}" for part in ("bn1", "blocks.0", "blocks.1", "blocks.2", "blocks.3")
)


def _output(score: Any, module: Any, given: torch.Tensor) -> torch.Tensor:
    seen: list[torch.Tensor] = []
    hook = module.register_forward_hook(lambda _, __, y: seen.append(y))
    with torch.no_grad():
        score(given)
    hook.remove()
    return seen[0]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="default")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--captum", type=int, default=1, help="rounds with Captum's whole net")
    options.add_argument("--json", action="store_true")
    options.add_argument("--curve", action="store_true")
    given = options.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(given.model, "cpu", 1)
    case = sample_case(SAMPLE)
    prediction = predictor.predict(case)
    whole = Whole(predictor, prediction)

    memory: dict[str, float] = {}

    def our_maps() -> Any:
        return closer_maps(predictor, prediction, FINDING)

    memory["maps"] = memory_of(our_maps)  # first, and the hungriest last: freed memory is kept
    if given.captum:
        memory["captum_batched"] = memory_of(lambda: whole.explain(4))
        memory["captum"] = memory_of(lambda: whole.explain(None))

    def account(of: Prediction) -> None:
        ledger(of)
        last_layers(of)

    def drawn(of: Prediction) -> None:
        for maps in finer_maps(predictor, of):
            assert maps.values("image") is not None

    account(prediction)  # warm
    times: dict[str, list[float]] = {}

    def take(name: str, task: Callable[[], Any]) -> Any:
        result, seconds = timed(task)
        times.setdefault(name, []).append(seconds)
        return result

    for turn in range(given.rounds):
        for _ in range(3):
            fresh = predictor.predict(case)
            forward = sum(fresh.seconds[m] for m in (*MODALITIES, "head"))
            times.setdefault("forward", []).append(forward)
            take("ledger", partial(account, fresh))
            take("finer", partial(drawn, fresh))
        maps = take("maps", our_maps)
        if turn < given.captum:
            _, batched_residual = take("captum_batched", lambda: whole.explain(4))
            theirs, residual = take("captum", lambda: whole.explain(None))
    middle = {name: statistics.median(t) for name, t in times.items()}
    forward = middle["forward"]
    report: dict[str, Any] = {
        "what": "ledger, last-layer maps and closer maps of one case, against Captum's whole net",
        "forward_ms": round(1e3 * forward, 1),
        "ledger_over_forward": round(middle["ledger"] / forward, 4),
        "finer_over_forward": round(middle["finer"] / forward, 2),
        "captum_maps_forwards": round(middle["maps"] / forward, 2),
        "captum_maps_extra_mb": round(memory["maps"], 1),
        "captum_maps_residual": float(f"{max(m.delta for m in maps):.2g}"),
        "maps": {m.over: f"{m.method}, from {m.baseline}" for m in maps},
    }
    if given.captum:
        report |= {
            "speedup_vs_captum_default": round(middle["captum"] / middle["maps"], 1),
            "speedup_vs_captum_batched": round(middle["captum_batched"] / middle["maps"], 1),
            "captum_default_seconds": round(middle["captum"], 2),
            "captum_default_extra_mb": round(memory["captum"]),
            "captum_default_residual": round(residual, 4),
            "captum_batched_seconds": round(middle["captum_batched"], 2),
            "captum_batched_extra_mb": round(memory["captum_batched"]),
            "captum_batched_residual": round(batched_residual, 4),
            "agreement_with_captum": agreement(whole, theirs, maps),
        }
    report |= {
        "model": f"{predictor.identity.name} {predictor.identity.version}",
        "machine": f"{processor()}, {cores()} cores, one torch thread",
        "load": round(os.getloadavg()[0], 2),
        "versions": {
            "mmbm": mmbm.__version__,
            "torch": torch.__version__,
            "captum": captum.__version__,
        },
    }
    if given.curve:
        report["curve"] = curve(predictor, prediction, forward)
    print(json.dumps(report) if given.json else json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
