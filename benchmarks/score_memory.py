"""Whether the memory of ``mmbm score`` stays flat: resident memory of all its processes, by rows.

    python benchmarks/score_memory.py [--rows 100000] [--seconds 0] [--films FOLDER] [--workers 0]

Scores made-up notes again and again, or with ``--films`` the X-rays of a folder; ``--seconds`` ends
the run early. Prints one JSON line: rows scored, megabytes after the first tenth, at the end and at
most, and the growth from the first to the last.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import tempfile
import time
from pathlib import Path

from mmbm.scale import Options, score

NOTES = (
    "Fever and productive cough for five days, denies chest pain. Crackles at the right base.",
    "Routine check. Denies fever, no cough, no shortness of breath.",
    "发热、咳嗽三天，否认胸痛。右下肺可闻及湿啰音。",
)


class Enough(Exception):
    """The time is up."""


def resident(root: int) -> float:
    """Megabytes of a process and all below it; pages that several share count in parts."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat[1])
    total, ours = 0, {root}
    for _ in range(4):
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    for pid in ours:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=0.0)
    options.add_argument("--films", type=Path)
    options.add_argument("--workers", type=int, default=0)
    given = options.parse_args()
    films = sorted(given.films.iterdir()) if given.films else []
    seen: list[tuple[int, float]] = []
    begun = time.perf_counter()

    def watch(done: int, _of: int) -> None:
        if not seen or done - seen[-1][0] >= max(given.rows // 200, 1):
            seen.append((done, resident(os.getpid())))
        if given.seconds and time.perf_counter() - begun > given.seconds:
            raise Enough

    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "archive.csv"
        with manifest.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["case_id", "image", "notes_text"])
            for i in range(given.rows):
                film = films[i % len(films)].resolve() if films else ""
                rows.writerow([f"c{i}", film, NOTES[i % len(NOTES)]])
        asked = Options(device="cpu", workers=given.workers)
        with contextlib.suppress(Enough):
            score(str(manifest), str(Path(folder) / "scores.parquet"), asked, watch)
    settled = [mb for done, mb in seen if done >= seen[-1][0] / 10]
    report = {
        "what": "resident megabytes of mmbm score and its workers",
        "rows": seen[-1][0],
        "of": "X-rays and notes" if films else "notes",
        "after_a_tenth": round(settled[0]),
        "at_the_end": round(settled[-1]),
        "most": round(max(settled)),
        "grown": round(settled[-1] - settled[0]),
        "seconds": round(time.perf_counter() - begun),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
