"""Rows a second of ``mmbm score --ray local`` with two workers against one.

    python benchmarks/score_ray.py MANIFEST [--model default] [--shard-rows 50] [--rounds 3]

Scores the whole manifest with one worker, then with two, and so on in turn, each from the start in
a Ray of its own. The clock runs from the first shards (one a worker) to the last one, so that
starting Ray and loading the model are not in it; the seconds of all of it are given beside. Prints
one JSON line: the medians over the rounds, the ratio of each round's, and whether both results
hold the same numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from mmbm.device import cores
from mmbm.scale import Options, score


def run(manifest: Path, out: Path, asked: Options) -> tuple[float, float]:
    """Rows a second once every worker is at work, and the seconds of the whole run."""
    landed: list[tuple[float, int]] = []

    def note(done: int, _of: int) -> None:
        if done:
            landed.append((time.perf_counter(), done))

    whole = score(str(manifest), str(out), asked, note)
    (begun, before), (end, rows) = landed[asked.workers - 1], landed[-1]
    return (rows - before) / (end - begun), whole.seconds


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("manifest", type=Path)
    options.add_argument("--model", default="default")
    options.add_argument("--shard-rows", type=int, default=50)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    rates: dict[int, list[float]] = {1: [], 2: []}
    seconds: dict[int, list[float]] = {1: [], 2: []}
    loads = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            for workers in rates:
                out = Path(folder) / f"{number}-{workers}.parquet"
                asked = Options(
                    given.model, "cpu", workers=workers, shard_rows=given.shard_rows, ray="local"
                )
                rate, took = run(given.manifest, out, asked)
                rates[workers].append(rate)
                seconds[workers].append(took)
                loads.append(os.getloadavg()[0])
        one, two = (pq.read_table(Path(folder) / f"0-{n}.parquet") for n in rates)
    ratios = [b / a for a, b in zip(rates[1], rates[2], strict=True)]
    print(
        json.dumps(
            {
                "what": "rows a second on a local Ray, two workers against one",
                "rows": len(one),
                "one": round(statistics.median(rates[1]), 2),
                "two": round(statistics.median(rates[2]), 2),
                "ratio_median": round(statistics.median(ratios), 2),
                "ratios": [round(r, 2) for r in ratios],
                "seconds": {n: [round(s) for s in each] for n, each in seconds.items()},
                "equal": one.equals(two),
                "cores": cores(),
                "loads": [round(load, 1) for load in loads],
            }
        )
    )


if __name__ == "__main__":
    main()
