"""How many maps of a trained model pass their verdict, and how many of a shuffled one fail it.

    python benchmarks/verdict.py manifest.csv [--model default] [--cases 40] [--parts pixels words]
        [--finding pneumonia] [--own] [--each maps.jsonl]

Takes test cases that have all three parts, in turns from each source, each recording once as long
as there are new ones; notes and recordings of such cases are assembled. Three kinds of map:

trained
    The model's default map of each part, by its whole verdict (``mmbm.explain.verdict``).
shuffled
    The map that the model with its weights shuffled draws of the same case, handed in as a map of
    the *trained* model's score: what a reader would see if maps had nothing to do with what was
    learned. Another shuffle for each case, since one shuffle may happen to point the right way in
    every case. ``fail`` is by the whole verdict. Such a map seldom sums to the trained model's
    score, so ``fail_by_erasing`` counts those that fail by deletion and insertion alone, which
    know nothing of a map's scale.
own (asked for by ``--own``)
    The shuffled model's map as a map of its own score. It tells truly how that net came to its
    score, so it may well pass: that the net learned nothing is for its evaluation to say, not for
    the verdict of a map.

Each share comes with Wilson's 95 % interval: [count, of, low, high]. ``--each`` names a file that
gets a line for each map; maps that it holds already are not judged again. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from assembled import case_of, interval

import mmbm
from mmbm.case import Case
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.reading import read_texts
from mmbm.explain.attribution import Evidence, evidence, weight_shuffled
from mmbm.explain.verdict import Check, MapVerdict, Sanity, read_sanity, verdict
from mmbm.predict import Predictor

PARTS: tuple[str, ...] = ("pixels", "words", "bands")
CHANCE = 0.01


def rows_of(manifest: Manifest, count: int) -> list[int]:
    """Test cases with image, notes and sound, in turns from each source."""
    texts, rows = read_texts(manifest), manifest.rows
    pools: defaultdict[str, list[int]] = defaultdict(list)
    for i in np.random.default_rng(0).permutation(len(rows)).tolist():
        whole = texts[i] and manifest.path(i, "image") and manifest.path(i, "audio")
        if whole and rows["split"].iloc[i] == "test":
            pools[str(rows["source"].iloc[i])].append(i)
    heard: set[Path | None] = set()
    found: list[int] = []
    while len(found) < count and any(pools.values()):
        for source in sorted(name for name, pool in pools.items() if pool):
            pool = pools[source]
            new = [i for i in pool if manifest.path(i, "audio") not in heard]
            found.append((new or pool)[0])
            pool.remove(found[-1])
            heard.add(manifest.path(found[-1], "audio"))
    return found[:count]


def judge_case(
    predictor: Predictor, case: Case, finding: str, over: str, seed: int, own: bool
) -> Iterator[tuple[str, MapVerdict]]:
    """Kind and verdict of each map of one part of a case."""
    stored = {s.over: s for s in read_sanity(predictor.folder, predictor.identity.sha256)}
    shuffled = weight_shuffled(predictor, seed)
    true = evidence(predictor, predictor.predict(case), over, finding)
    stray = evidence(*(shuffled, shuffled.predict(case), over, finding), repeats=3 if own else 0)
    yield "trained", judged(true, true, stored.get(over))
    yield "shuffled", judged(stray, true, stored.get(over))
    if own:
        yield "own", judged(stray, stray, stored.get(over))


def judged(of: Evidence, by: Evidence, sanity: Sanity | None) -> MapVerdict:
    """The verdict of one map by what the logit is of the model that it is said to explain."""
    return verdict(
        *(of.shares, by.erase), grid=of.grid, delta=of.delta, again=of.again, sanity=sanity
    )


def of_checks(values: dict[str, float]) -> MapVerdict:
    """A verdict with these checks."""
    checks = tuple(Check(name, value) for name, value in values.items())
    return MapVerdict(checks, math.nan, math.nan, math.nan)


def erasing(told: MapVerdict) -> str:
    """The state that deletion, insertion and their contrast alone would give."""
    names = ("deletion", "insertion", "contrast")
    return of_checks({c.name: c.value for c in told.checks if c.name in names}).state


def keep(path: Path, row: int, over: str, kind: str, told: MapVerdict) -> None:
    """Add a map's line."""
    line = {"row": row, "over": over, "kind": kind}
    line["checks"] = {check.name: round(check.value, 6) for check in told.checks}
    with path.open("a") as each:
        each.write(json.dumps(line) + "\n")


def kept(path: Path | None) -> dict[tuple[int, str], dict[str, MapVerdict]]:
    """The verdicts that a file holds, by row and part, then kind."""
    found: defaultdict[tuple[int, str], dict[str, MapVerdict]] = defaultdict(dict)
    for text in path.read_text().splitlines() if path and path.is_file() else ():
        line = json.loads(text)
        found[line["row"], line["over"]][line["kind"]] = of_checks(line["checks"])
    return dict(found)


def share(count: int, of: int) -> list[float]:
    """[count, of, low, high]."""
    return [count, of, *interval(count, of)]


def summary(told: list[MapVerdict]) -> dict[str, Any]:
    """Shares of the states, what the others than passes failed by, and deletion by chance."""
    count = Counter(t.state for t in told)
    missed = Counter(f"{c.name} {c.state}" for t in told for c in t.checks if c.state != "pass")
    beats = sum(c.value < CHANCE for t in told for c in t.checks if c.name == "deletion")
    return {
        **{state: share(count[state], len(told)) for state in ("pass", "caution", "fail")},
        "fail_by_erasing": share(sum(erasing(t) == "fail" for t in told), len(told)),
        f"deletion_below_{CHANCE}": share(beats, len(told)),
        "not_passed": dict(sorted(missed.items())),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--each", type=Path)
    given = parser.parse_args()
    predictor = Predictor.load(given.model, threads=1)
    manifest = read_manifest(given.manifest)
    rows, texts = rows_of(manifest, given.cases), read_texts(manifest)
    found: defaultdict[str, defaultdict[str, list[MapVerdict]]]
    found = defaultdict(lambda: defaultdict(list))
    known = kept(given.each)
    for seed, row in enumerate(rows):
        case = case_of(manifest, texts[row], row)
        for over in given.parts:
            asked = (predictor, case, given.finding, over, seed, given.own)
            made = known.get((row, over)) or dict(judge_case(*asked))
            for kind, told in made.items():
                found[kind][over].append(told)
                if given.each and (row, over) not in known:
                    keep(given.each, row, over, kind, told)
    about = {"model": predictor.identity.sha256, "mmbm": mmbm.__version__, "cases": len(rows)}
    about["sources"] = dict(Counter(manifest.rows["source"].iloc[rows].tolist()))
    figures = {k: {over: summary(t) for over, t in of.items()} for k, of in found.items()}
    print(json.dumps(about | {"finding": given.finding} | figures))


if __name__ == "__main__":
    main()
