"""Keep 100 analyses in a store, make each again from the stored files, and compare every bit.

    python benchmarks/store_rerun.py [--cases 100] [--model default] [--data FOLDER]

The cases are those of the public data's folder where it is given (DICOM chest X-rays of SIIM, lung
sounds of SPRSound, drawn notes), else made ones. Everything is closed between the two halves, and
the second half is another process with a model of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.made_cases import write_manifest


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=100)
    options.add_argument("--model", default="default")
    options.add_argument("--data", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "cases" / "manifest.csv"
        if chosen.data is None:
            write_manifest(manifest.parent, chosen.cases)
        else:
            manifest.parent.mkdir()
            prepare = ["data", "prepare", "assembled", str(chosen.data), "--out", str(manifest)]
            mmbm(*prepare, "--limit", str(chosen.cases))
        kept = ["--store", f"{folder}/store"]
        model = ["--model", chosen.model, "--device", "cpu"]
        mmbm("store", "add", str(manifest), *kept)
        mmbm("store", "score", *model, *kept)
        sys.exit(mmbm("store", "rerun", *model, *kept))


def mmbm(*words: str) -> int:
    return subprocess.run([sys.executable, "-m", "mmbm", *words], check=True).returncode


if __name__ == "__main__":
    main()
