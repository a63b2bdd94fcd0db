"""A case on this machine, this program beside an older one, in turn: p50, p95, ratio and steps.

    git worktree add ../older 6de7d12
    python benchmarks/case_time.py --old ../older [--jpeg FILM] [--repeats 40]

A case goes from the files' bytes to findings, accounts and last-layer maps. Two processes, each
with its own program, default model and default threads, both warm, score the same bytes by turns;
who begins changes each time. The ratio is old to new, by medians, with the middle 95 % of 2,000
resamplings of the pairs. The lungs, which the judgement asks for, stand beside the case's time:
the older program looks for them in each case, this one when the judgement is read. The indented
steps of scoring may be done side by side.

On two cores of a Xeon (AVX-512) with little beside, 6de7d12 to this: the sample DICOM, in JPEG
2000, from 189 to 104 ms (1.83 times as fast, 1.79 to 1.88), a JPEG film from 82 to 38 ms (2.14,
1.93 to 2.21). What is left of the first is decoding: 100 ms of processor time for 760 kB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, cast

import numpy as np

HERE = Path(__file__).resolve().parents[1]
SAMPLE = HERE / "assets" / "samples" / "adult-opacity"
JPEG = HERE.parent / "shared/data/images/nih_cxr14_talo1000/img/00000061_012.jpg"
WARM_UP = 3  # cases of each process that are not counted
RESAMPLINGS = 2000


def score_on_request() -> None:
    """The child: for each path of a film on a line of stdin, a line of seconds by step."""
    from concurrent.futures import ThreadPoolExecutor

    import mmbm
    from mmbm.case import Case
    from mmbm.explain.ledger import ledger
    from mmbm.explain.maps import last_layers
    from mmbm.io import read_notes, read_picture, read_sound, warm
    from mmbm.predict import Predictor

    predictor = Predictor.load("default", "cpu")
    warm(3)
    readers = {SAMPLE / "notes.txt": read_notes, SAMPLE / "sound.wav": read_sound}
    content = {path: path.read_bytes() for path in readers}
    identity = predictor.identity
    program = {"mmbm": mmbm.__file__, "model": f"{identity.name} {identity.version}"}
    print(json.dumps(program), flush=True)
    with ThreadPoolExecutor(3) as pool:
        for line in sys.stdin:
            film = Path(line.strip())
            content.setdefault(film, film.read_bytes())
            start = time.perf_counter()
            parts = [
                pool.submit(read, content[path], path.name)
                for path, read in ((film, read_picture), *readers.items())
            ]
            case = Case(*(part.result() for part in parts))
            read_at = time.perf_counter()
            prediction = predictor.predict(case)
            scored = time.perf_counter()
            accounts = ledger(prediction)
            last_layers(prediction)
            end = time.perf_counter()
            prepared = prediction.features.prepared
            _ = (prepared["image"] if isinstance(prepared, dict) else prepared).lungs
            lungs = time.perf_counter() - end
            assert max(account.residual for account in accounts) <= 1e-5
            steps = {"read": read_at - start, "score": scored - read_at}
            steps |= {f"  {step}": seconds for step, seconds in prediction.seconds.items()}
            steps["account, maps"] = end - scored
            print(json.dumps({"case": end - start, "lungs": lungs, "steps": steps}), flush=True)


class Program:
    """One version of the program in a process of its own, with its decoders and model warm."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--child"],
            env=os.environ | {"PYTHONPATH": str(root.resolve())},
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.asked, self.answers = (
            cast(IO[str], pipe) for pipe in (self.process.stdin, self.process.stdout)
        )
        self.about = json.loads(self.answers.readline())
        if not Path(self.about["mmbm"]).is_relative_to(root.resolve()):
            raise SystemExit(f"{root} holds another program than the one that ran.")

    def score(self, film: Path) -> dict[str, float]:
        """Seconds of one case by step, with ``case``, their sum, and ``lungs`` beside it."""
        print(film, file=self.asked, flush=True)
        answer = json.loads(self.answers.readline())
        return {"case": answer["case"], "lungs": answer["lungs"], **answer["steps"]}


def compare(old: Program, new: Program, film: Path, repeats: int) -> None:
    """Score the same case by turns and print the table."""
    rounds: dict[Program, list[dict[str, float]]] = {old: [], new: []}
    for turn in range(WARM_UP + repeats):
        for program in (old, new) if turn % 2 else (new, old):
            rounds[program].append(program.score(film))
    steps = list(rounds[new][0])
    times = {p: {s: 1e3 * np.array([r[s] for r in rounds[p][WARM_UP:]]) for s in steps}
             for p in rounds}  # fmt: skip
    print(f"\n{film.name}, {repeats} cases each    ms: p50 old -> new    p95 old -> new")
    for step in steps:
        a, b = times[old][step], times[new][step]
        (a50, a95), (b50, b95) = np.percentile(a, (50, 95)), np.percentile(b, (50, 95))
        share = b.sum() / times[new]["case"].sum()
        print(f"  {step:14s} {a50:8.1f} -> {b50:6.1f}  {a95:8.1f} -> {b95:6.1f}   {share:6.1%}")
    for name, beside in (("case", 0), ("case and lungs", 1)):
        a, b = (times[p]["case"] + beside * times[p]["lungs"] for p in (old, new))
        drawn = np.random.default_rng(0).integers(len(a), size=(RESAMPLINGS, len(a)))
        ratios = np.median(a[drawn], 1) / np.median(b[drawn], 1)
        low, high = np.percentile(ratios, (2.5, 97.5))
        ratio = np.median(a) / np.median(b)
        print(f"  {name}: {ratio:.2f} times as fast ({low:.2f} to {high:.2f})")


def main() -> None:
    """Run both, by turns."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--old", type=Path)
    options.add_argument("--new", type=Path, default=HERE)
    options.add_argument("--dicom", type=Path, default=SAMPLE / "image.dcm")
    options.add_argument("--jpeg", type=Path, default=JPEG)
    options.add_argument("--repeats", type=int, default=40)
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        score_on_request()
        return
    if given.old is None:
        options.error("--old: the folder of the older program, say a git worktree of 6de7d12")
    old, new = Program(given.old), Program(given.new)
    print(f"old: {old.about['model']}, new: {new.about['model']}, load {os.getloadavg()[0]:.1f}")
    for film in (given.dicom, given.jpeg):
        compare(old, new, film.resolve(), given.repeats)
    for program in (old, new):
        program.asked.close()
        program.process.wait()


if __name__ == "__main__":
    main()
