"""What a model's film preparation takes, from the decoded picture to the net's input.

    python benchmarks/preparation.py [--model chest-film] [--against DIR] [--image F] [--repeats 60]

``--against`` is the root of another checkout, whose own default model prepares the same picture in
turn with this one: this, that, this, that …, so that what else the machine does falls on both.
Prints one JSON line: milliseconds of each, by the clock (p50, p95) and of the processor, which is
what the clock would say were nothing else running.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "assets" / "samples" / "adult-opacity" / "image.dcm"


def serve(model: str, image: Path) -> None:
    """Prepare the picture once for each line of standard input; answer with milliseconds."""
    import torch

    from mmbm.io import read_picture
    from mmbm.predict import Predictor

    torch.set_num_threads(1)
    predictor = Predictor.load(model, "cpu", 1)
    picture = read_picture(image.read_bytes(), image.name)
    for _ in sys.stdin:
        start = time.perf_counter(), time.process_time()
        predictor.readers["image"](picture)
        sys.stdout.write(f"{time.perf_counter() - start[0]} {time.process_time() - start[1]}\n")
        sys.stdout.flush()


class Side:
    """One checkout's preparation in a process of its own."""

    def __init__(self, root: Path, model: str, image: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", "--model", model, "--image", str(image)],
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.took: list[list[float]] = []

    def once(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.took.append([1e3 * float(t) for t in self.process.stdout.readline().split()])

    def figures(self, warm: int = 5) -> dict[str, float]:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        wall, busy = np.array(self.took[warm:]).T
        figures = {"p50": np.percentile(wall, 50), "p95": np.percentile(wall, 95)}
        return {n: round(float(v), 1) for n, v in figures.items()} | {
            "processor_p50": round(float(np.percentile(busy, 50)), 1)
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="chest-film")
    parser.add_argument("--against", type=Path, help="the root of another checkout")
    parser.add_argument("--image", type=Path, default=SAMPLE)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    image = given.image.resolve()
    if given.serve:
        serve(given.model, image)
        return
    sides = {"this": Side(ROOT, given.model, image)}
    if given.against:
        sides["other"] = Side(given.against.resolve(), "default", image)
    for _ in range(given.repeats + 5):
        for side in sides.values():
            side.once()
    about = {"image": image.name, "repeats": given.repeats, "load": round(os.getloadavg()[0], 2)}
    sys.stdout.write(json.dumps(about | {n: s.figures() for n, s in sides.items()}) + "\n")


if __name__ == "__main__":
    main()
