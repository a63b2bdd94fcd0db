"""A store of 10,000 cases: how long a page of the worklist, a search and a count take.

    python benchmarks/worklist.py [--cases 10000] [--repeats 50] [--folder FOLDER]

While the store is filled nothing waits for the disk; what is timed has the store's own settings.
The cases have parts, an analysis and, half of them, a reading, all written through the store's own
methods; only the content of the notes differs from case to case. Each time is a call of
``Store.worklist`` or ``Store.counts`` from its start to its return, in a process that has the
store open.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mmbm.store.database as database
from mmbm.analysis import analyse
from mmbm.predict import load
from mmbm.reading import Decision, Reading
from mmbm.store import Given, Wanted, open_store
from mmbm.store.store import Store
from tests.made_cases import case

SEARCH_MS = 200.0
SOURCES = ("north", "south", "east")


def filled(folder: Path, cases: int) -> Store:
    """A store with so many cases."""
    pragmas, to_disk = database.PRAGMAS, os.fsync
    database.PRAGMAS = (*pragmas, "PRAGMA synchronous = OFF")
    os.fsync = lambda _: None
    try:
        fill(folder, cases)
    finally:
        database.PRAGMAS, os.fsync = pragmas, to_disk
    return open_store(folder / "store")


def fill(folder: Path, cases: int) -> None:
    store = open_store(folder / "store")
    held = store.counts()["all"]
    predictor = load("default", "cpu")
    analyses = [analyse(case(number), predictor) for number in range(4)]
    for number in range(held, cases):
        parts = {m: Given(name=f"{m}.bin", content=m.encode()) for m in ("image", "audio")}
        parts["notes"] = Given(name="", content=f"Case {number}.".encode(), kind="typed")
        case_id = store.add_case(
            parts,
            patient=f"P{number // 3:05d}",
            taken=date(2020, 1, 1) + timedelta(days=number % 2000),
            source=SOURCES[number % 3],
            sex=("female", "male")[number % 2],
            age=float(number % 90),
        )
        store.save_analysis(case_id, analyses[number % 4])
        if number % 2:
            decision = Decision(finding="pneumonia", final=("yes", "no")[number % 4 // 2])
            store.save_reading(case_id, Reading(reader="Dr A", decisions=(decision,)))
        if number % 1000 == 999:
            print(f"{number + 1} cases", file=sys.stderr)
    store.close()


def milliseconds(call: Callable[[], object], repeats: int) -> np.ndarray:
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - begun))
    return np.array(found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--repeats", type=int, default=50)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        store = filled(chosen.folder or Path(made), chosen.cases)
        asked = {
            "what needs eyes": Wanted(status="waiting"),
            "the last page": Wanted(status="all", page=(chosen.cases - 1) // 50),
            "by probability": Wanted(finding="pneumonia", order="probability"),
            "answered yes": Wanted(finding="pneumonia", answer="yes"),
            "withheld": Wanted(blind=True, reader="Dr A"),
            "search, one patient": Wanted(search="p00017"),
            "search, a third": Wanted(search="north"),
            "search, two words": Wanted(search="south 2021-03"),
            "search, nothing found": Wanted(search="nobody"),
        }
        print(f"{'':24} {'found':>6} {'p50 ms':>8} {'p95 ms':>8}")
        slow = False
        for name, wanted in asked.items():
            total = store.worklist(wanted).total
            took = milliseconds(lambda w=wanted: store.worklist(w), chosen.repeats)
            p50, p95 = np.percentile(took, (50, 95))
            print(f"{name:24} {total:6} {p50:8.1f} {p95:8.1f}")
            slow |= name.startswith("search") and p95 > SEARCH_MS
        took = milliseconds(store.counts, chosen.repeats)
        p50, p95 = np.percentile(took, (50, 95))
        print(f"{'counts':24} {'':6} {p50:8.1f} {p95:8.1f}")
        begun = time.perf_counter()
        print(f"decided: {len(store.decided())} in {time.perf_counter() - begun:.1f} s")
        store.close()
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
