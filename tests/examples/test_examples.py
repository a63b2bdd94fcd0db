"""The examples run from end to end, and write what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITES = {
    "score_a_case": ["scored/account.png", "scored/maps.png", "scored/report.json"],
    "own_encoder": ["own_encoder/run/model/card.md", "own_encoder/run/model/tokenizer.json"],
    "train_a_model": ["trained/run/model/card.md", "trained/run/model/evaluation.json"],
}


def test_every_example_is_tested():
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py"))
    examples = [path.stem for path in (ROOT / "examples").glob("*.py")]
    assert [name for name in examples if f'"{name}' not in tests] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITES)
def test_the_example_runs(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py")],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [path for path in WRITES[name] if not (tmp_path / path).is_file()] == []
