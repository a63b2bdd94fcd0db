"""Rows a second of ``mmbm score`` against one case after the other, and how far they differ.

    python benchmarks/score.py MANIFEST [--model default] [--rows 2000] [--rounds 5] [--workers 0]

Both ways take the same rows in turn, part by part of the manifest: this, that, this, that …, so
that what else the machine does falls on both. One by one is ``read_case`` and ``analyse`` with the
accounts, the judgement and the warnings that a row of the result holds. The workers are started
before the clock. Prints one JSON line: the medians over the rounds, the ratio of each round's, and
the largest difference of a probability, a logit and a contribution.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmbm.analysis import Analysis, analyse
from mmbm.data.manifest import further_columns
from mmbm.device import cores
from mmbm.io import read_case
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from mmbm.scale.ahead import Ahead
from mmbm.scale.options import Options
from mmbm.scale.rows import Row, index_of, rows_of
from mmbm.scale.score import score_chunks
from mmbm.scale.shards import shards_of
from mmbm.scale.table import read_shard
from mmbm.scale.work import Done, Task


def alone(folder: Path, row: Row, predictor: Predictor) -> Analysis:
    """One row as the page takes it."""
    cells = row.cells
    analysis = analyse(
        read_case(
            folder / cells["image"] if cells.get("image") else None,
            folder / cells["notes"] if cells.get("notes") else cells.get("notes_text") or None,
            folder / cells["audio"] if cells.get("audio") else None,
        ),
        predictor,
    )
    _ = analysis.accounts, analysis.judgement, analysis.warnings
    return analysis


def apart(analysis: Analysis, line: dict[str, object]) -> dict[str, float]:
    """How far a line is from the same case's analysis."""
    far = {"probability": 0.0, "logit": 0.0, "contribution": 0.0}
    for account in analysis.accounts:
        pairs = [("probability", "probability", account.probability)]
        pairs += [("logit", "logit", account.logit)]
        pairs += [
            ("contribution", f"contribution.{m}", v) for m, v in account.contributions.items()
        ]
        for kind, column, value in pairs:
            told = line[f"{account.finding}.{column}"]
            assert isinstance(told, float)
            far[kind] = max(far[kind], abs(told - value))
    return far


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("manifest", type=Path)
    options.add_argument("--model", default="default")
    options.add_argument("--rows", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--workers", type=int, default=cores())
    given = options.parse_args()
    asked = Options(
        given.model, "cpu", workers=given.workers, shard_rows=given.rows // given.rounds
    )
    index = index_of(str(given.manifest), asked.shard_rows, further_columns())
    predictor = Predictor.load(given.model, "cpu")
    rates: dict[str, list[float]] = {"one by one": [], "score": []}
    far = {"probability": 0.0, "logit": 0.0, "contribution": 0.0}
    answers = 0
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "scores.parquet")
        shards = shards_of(index, checkpoint.read(given.model), asked, out)
        with Ahead(Task(index, asked, whole=True), given.workers) as ahead:

            def work(groups: Iterable[Sequence[Row]]) -> Iterable[Done]:
                return ahead(groups)

            warm = [
                row
                for _, row in zip(
                    range(8 * given.workers), rows_of(index, index.chunks[0]), strict=False
                )
            ]
            list(ahead([[row] for row in warm]))
            for row in warm[:5]:
                alone(given.manifest.parent, row, predictor)
            for chunk in index.chunks[: given.rounds]:
                rows = list(rows_of(index, chunk))
                begun = time.perf_counter()
                single = [alone(given.manifest.parent, row, predictor) for row in rows]
                middle = time.perf_counter()
                list(score_chunks(shards, [chunk], work, None))
                end = time.perf_counter()
                rates["one by one"].append(len(rows) / (middle - begun))
                rates["score"].append(len(rows) / (end - middle))
                table = read_shard(
                    shards.folder / f"part-{chunk.number:06d}.parquet", shards.schema
                )
                for analysis, line in zip(single, table.to_pylist(), strict=True):
                    far = {k: max(v, far[k]) for k, v in apart(analysis, line).items()}
                    verdicts = {a.finding: a.verdict for a in analysis.judgement.answers}
                    answers += sum(line[f"{f}.answer"] != v for f, v in verdicts.items())
    ratios = [s / o for s, o in zip(rates["score"], rates["one by one"], strict=True)]
    print(
        json.dumps(
            {
                "what": "rows a second, mmbm score against one case after the other",
                "rows": sum(chunk.rows for chunk in index.chunks[: given.rounds]),
                **{name: round(statistics.median(each), 2) for name, each in rates.items()},
                "ratio_median": round(statistics.median(ratios), 2),
                "ratios": [round(r, 2) for r in ratios],
                "largest_difference": far,
                "answers_that_differ": answers,
                "workers": given.workers,
                "cores": cores(),
                "load": round(os.getloadavg()[0], 2),
                "model": f"{predictor.identity.name} {predictor.identity.version}",
            }
        )
    )


if __name__ == "__main__":
    main()
