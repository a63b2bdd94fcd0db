"""One warm case from bytes to findings, ledger and last-layer maps: p50, p95, share of each step.

    python benchmarks/case.py [--model default] [--image F] [--notes F] [--audio F] [--repeats 30]
                              [--threads N]

Prints one JSON line with the machine, its load and the versions. The parts are read side by side,
as the page reads them, then scored, then explained for all findings.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

import mmbm
from mmbm.case import Case
from mmbm.device import cores
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import last_layers
from mmbm.io import read_notes, read_picture, read_sound, warm
from mmbm.predict import Predictor

SAMPLE = Path(__file__).parents[1] / "assets" / "samples" / "adult-opacity"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="default")
    options.add_argument("--image", type=Path, default=SAMPLE / "image.dcm")
    options.add_argument("--notes", type=Path, default=SAMPLE / "notes.txt")
    options.add_argument("--audio", type=Path, default=SAMPLE / "sound.wav")
    options.add_argument("--repeats", type=int, default=30)
    options.add_argument("--threads", type=int, default=0, help="torch's; 0: the default")
    given = options.parse_args()
    readers = {given.image: read_picture, given.notes: read_notes, given.audio: read_sound}
    content = {path: path.read_bytes() for path in readers}
    predictor = Predictor.load(given.model, "cpu", given.threads)
    warm(3)
    rounds: list[dict[str, float]] = []
    with ThreadPoolExecutor(3) as pool:
        for _ in range(given.repeats + 3):
            start = time.perf_counter()
            parts = [pool.submit(read, content[p], p.name) for p, read in readers.items()]
            case = Case(*(part.result() for part in parts))
            read = time.perf_counter()
            prediction = predictor.predict(case)
            scored = time.perf_counter()
            accounts = ledger(prediction)
            accounted = time.perf_counter()
            last_layers(prediction)
            end = time.perf_counter()
            rounds.append(
                {
                    "read": read - start,
                    "score": scored - read,
                    "ledger": accounted - scored,
                    "maps": end - accounted,
                    "total": end - start,
                }
            )
            assert max(entry.residual for entry in accounts) <= 1e-5
    times = {step: np.array([r[step] for r in rounds[3:]]) * 1e3 for step in rounds[0]}
    total = times.pop("total")
    print(
        json.dumps(
            {
                "what": "one warm case, bytes to findings, ledger and last-layer maps",
                "image": given.image.name,
                "p50_ms": round(float(np.percentile(total, 50)), 1),
                "p95_ms": round(float(np.percentile(total, 95)), 1),
                "share": {s: round(float(t.sum() / total.sum()), 3) for s, t in times.items()},
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
