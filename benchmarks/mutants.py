"""Reads many damaged files and says how they end: read, refused, slow, or by breaking a reader.

    python benchmarks/mutants.py [--count 50000] [--kind dicom] [--first 0]

Run it from the repository's root. Ends with 1 where a file took over 5 seconds, broke the process
that reads it, or where this process kept more than 50 MB.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.attacks.mutants import MUTANTS, held_mb, run

SECONDS, MEGABYTES = 5.0, 50.0
BROKE = ("The file stopped the program", "The file is damaged and", "Reading the file needs more")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--kind", choices=sorted(MUTANTS), default="dicom")
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    ends: Counter[str] = Counter()
    slowest, bad, start = 0.0, 0, 0.0
    for done, outcome in enumerate(run(given.kind, range(given.first, given.first + given.count))):
        start = start or held_mb()
        if outcome.seconds > SECONDS:  # once more: other work on the machine takes time too
            (outcome,) = run(given.kind, range(outcome.number, outcome.number + 1))
        ends["read" if outcome.read else re.sub(r"[0-9][0-9,]*", "N", outcome.sentence)[:70]] += 1
        slowest = max(slowest, outcome.seconds)
        if outcome.seconds > SECONDS or outcome.sentence.startswith(BROKE):
            bad += 1
            print(f"mutant {outcome.number}: {outcome.seconds:.1f} s, {outcome.sentence}")
        if done % 5000 == 4999:
            print(f"{done + 1} read, slowest {slowest:.2f} s, {held_mb() - start:+.1f} MB")
    for end, count in ends.most_common():
        print(f"{count:7} {end}")
    print(f"slowest {slowest:.2f} s, {bad} bad, parent grew by {held_mb() - start:.1f} MB")
    sys.exit(bad > 0 or held_mb() - start > MEGABYTES)


if __name__ == "__main__":
    main()
