"""Every what-if on the sample cases, warm: p50 and p95; and how many flips are real and minimal.

    python benchmarks/whatif.py [--model default] [--repeats 10] [--flips 100] [--threads N]

Prints one JSON line with the machine, its load and the versions; of processor time too, which a
busy neighbour lengthens less. Each sample case is asked with all its parts and with each part
alone, for every finding, at one threshold after the other until there are flips enough. A flip is
real where the whole case, read and scored anew without the set, lies on the other side of the
threshold; minimal where with any one member back it does not.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from case import processor

import mmbm
from mmbm.branches.audio.edits import cut
from mmbm.branches.image.edits import erase, keep
from mmbm.branches.notes.edits import drop_words
from mmbm.branches.parts import Box, Span
from mmbm.case import MODALITIES, Case
from mmbm.device import cores
from mmbm.evaluate.golden import sample_case
from mmbm.explain.flips import Flip, flip
from mmbm.explain.whatif import changes, exchanged, muted, reweighed, worth
from mmbm.predict import Prediction, Predictor

SAMPLES = Path(__file__).parents[1] / "assets" / "samples"
THRESHOLDS = (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2)
REGION = Box(0.5, 0.8, 0.1, 0.45)


def questions(
    predictor: Predictor, case: Case, seen: Prediction
) -> dict[str, Callable[[], object]]:
    """Each from the parts as given to the accounts of all findings, before and after."""
    image, notes, audio = case.image, case.notes, case.audio
    assert image is not None and notes is not None and audio is not None

    def told(after: Callable[[], Prediction]) -> object:
        """On the worker, as the page does it."""
        return predictor.alone(lambda: changes(seen, after()))

    def ask(parts: Callable[[], Case]) -> Callable[[], object]:
        def answer() -> object:
            after = exchanged(predictor, seen, parts())
            return told(lambda: after)

        return answer

    def other_model() -> object:
        after = predictor.predict(case)
        return told(lambda: after)

    bare = muted(seen, "audio")
    found: dict[str, Callable[[], object]] = {
        "mute": lambda: told(lambda: muted(seen, "image")),
        "note": ask(lambda: Case(notes=replace(notes, text=notes.text[20:]))),
        "erase": ask(lambda: Case(image=predictor.alone(lambda: erase(image, REGION)))),
        "keep": ask(lambda: Case(image=predictor.alone(lambda: keep(image, REGION)))),
        "cut": ask(lambda: Case(audio=cut(audio, Span(2.0, 4.0)))),
        "other_model": other_model,
        "worth": lambda: worth(bare, "audio"),
    }
    if predictor.config.fusion == "weighted_sum":
        found["weight"] = lambda: told(lambda: reweighed(seen, "image", 0.7))
    return found


def without(case: Case, found: Flip, kept: int | None = None) -> Case:
    """The case without the set, one member put back."""
    removed = [place for i, place in enumerate(found.removed) if i != kept]
    boxes = [p for p in removed if isinstance(p, Box)]
    spans = [p for p in removed if isinstance(p, Span)]
    if found.modality == "image" and case.image is not None:
        return Case(**{**case.parts, "image": erase(case.image, *boxes)})
    if found.modality == "notes" and case.notes is not None:
        return Case(**{**case.parts, "notes": drop_words(case.notes, *spans)})
    assert case.audio is not None
    return Case(**{**case.parts, "audio": cut(case.audio, *spans)})


def flips(predictor: Predictor, case: Case, found: Flip) -> tuple[bool, bool]:
    """Whether a flip is real, and whether it is minimal."""

    def called(whole: Case) -> bool:
        scored = predictor.predict(whole).findings
        return next(f.probability for f in scored if f.name == found.finding) >= found.threshold

    before = called(case)
    back = [called(without(case, found, kept)) for kept in range(len(found.removed))]
    return called(without(case, found)) != before, all(side == before for side in back)


def clocks() -> tuple[float, float]:
    """Of the wall, and of this process's use of the processor."""
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> tuple[float, float]:
    now = clocks()
    return now[0] - start[0], now[1] - start[1]


def summary(
    times: dict[str, list[tuple[float, float]]], percent: int, unit: float = 1.0, clock: int = 0
) -> dict[str, float]:
    """A percentile of each, by one of the clocks."""
    return {
        name: round(unit * float(np.percentile([t[clock] for t in taken], percent)), 2)
        for name, taken in times.items()
        if taken
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="default")
    options.add_argument("--repeats", type=int, default=10)
    options.add_argument("--flips", type=int, default=100, help="stop at so many")
    options.add_argument("--threads", type=int, default=0, help="torch's; 0: the default")
    given = options.parse_args()
    predictor = Predictor.load(given.model, "cpu", given.threads)
    times: dict[str, list[tuple[float, float]]] = {}
    searches: dict[str, list[tuple[float, float]]] = {m: [] for m in MODALITIES}
    found: list[tuple[bool, bool]] = []
    sizes: dict[str, list[int]] = {m: [] for m in MODALITIES}
    cases: list[Case] = []
    for folder in sorted(f for f in SAMPLES.iterdir() if f.is_dir()):
        whole = sample_case(folder)
        asked = questions(predictor, whole, predictor.predict(whole))
        for turn, (name, question) in product(range(given.repeats + 2), asked.items()):
            start = clocks()
            question()
            if turn >= 2:
                times.setdefault(name, []).append(since(start))
        cases += [whole, *(Case(**{m: getattr(whole, m)}) for m in predictor.config.modalities)]
    for threshold, case in product(THRESHOLDS, cases):
        seen = predictor.predict(case)
        for modality, finding in product(seen.present, predictor.config.findings):
            if len(found) >= given.flips:
                break
            start = clocks()
            answer = flip(predictor, case, seen, modality, finding, threshold=threshold)
            searches[modality].append(since(start))
            if answer is not None:
                found.append(flips(predictor, case, answer))
                sizes[modality].append(len(answer.removed))
    print(
        json.dumps(
            {
                "what": "every what-if on the sample cases, warm, and flips checked anew",
                "p50_ms": summary(times, 50, 1e3),
                "p95_ms": summary(times, 95, 1e3),
                "cpu_p50_ms": summary(times, 50, 1e3, clock=1),
                "cpu_p95_ms": summary(times, 95, 1e3, clock=1),
                "flips": len(found),
                "real": sum(real for real, _ in found),
                "minimal": sum(minimal for _, minimal in found),
                "searches": {m: len(t) for m, t in searches.items()},
                "search_p50_s": summary(searches, 50),
                "search_max_s": summary(searches, 100),
                "search_cpu_p50_s": summary(searches, 50, clock=1),
                "search_cpu_max_s": summary(searches, 100, clock=1),
                "set_p50": {m: float(np.median(s)) for m, s in sizes.items() if s},
                "repeats": given.repeats,
                "threads": given.threads or "default",
                "model": f"{predictor.identity.name} {predictor.identity.version}",
                "machine": f"{processor()}, {cores()} cores",
                "load": round(os.getloadavg()[0], 2),
                "versions": {"mmbm": mmbm.__version__, "torch": torch.__version__},
            }
        )
    )


if __name__ == "__main__":
    main()
