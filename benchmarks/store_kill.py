"""Kill a process that fills a store, 200 times, and count what was acknowledged and is lost.

    python benchmarks/store_kill.py [--rounds 200] [--seed 0] [--folder FOLDER]

SIGKILL comes at a random moment of the writer's first two seconds: while it opens or migrates the
store, adds, keeps an analysis, a reading or a document, or purges. After each kill the store is
opened anew and everything acknowledged in that round is compared; at the end everything of all
rounds, every file's sha256, the database, the audit, and whether a byte of a purged case is left.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.made_killed import trial

LONGEST = 2.0  # s until the kill


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = trial(chosen.folder or Path(folder), chosen.rounds, chosen.seed, LONGEST)
    print(json.dumps(found, indent=1))
    sys.exit(bool(found["lost"] or found["faults"] or found["bytes of purged cases"]))


if __name__ == "__main__":
    main()
