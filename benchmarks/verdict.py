"""How many maps of a trained model pass their verdict, and how many of a shuffled one fail it.

    python benchmarks/verdict.py manifest.csv [--model default] [--cases 10] [--finding pneumonia]

Takes test cases that have all three parts, evenly spaced through the manifest, and judges the
default map of each part by deletion, insertion, stability, the stored sanity check and completeness
(``mmbm.trust.verdict``). Then, by deletion and insertion on the same model, the maps that the model
with its weights shuffled would draw. Notes and recordings of such cases are assembled. Prints one
JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

import mmbm
from mmbm.case import Case
from mmbm.data.corpus import read_texts
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.explain.attribution import Over, evidence, weight_shuffled
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.predict import Predictor
from mmbm.trust.verdict import read_sanity, verdict

PARTS: tuple[Over, ...] = ("pixels", "words", "bands")


def cases_of(manifest: Manifest, count: int) -> list[Case]:
    """Test cases with image, notes and sound."""
    texts = read_texts(manifest)
    whole = [
        i
        for i in np.flatnonzero((manifest.rows["split"] == "test").to_numpy()).tolist()
        if texts[i] and manifest.path(i, "image") and manifest.path(i, "audio")
    ]
    found = []
    for i in (whole[k * len(whole) // count] for k in range(count)):
        image, audio = manifest.path(i, "image"), manifest.path(i, "audio")
        assert image is not None and audio is not None
        picture = read_picture(image.read_bytes(), image.name)
        sound = read_sound(audio.read_bytes(), audio.name)
        found.append(Case(picture, typed_notes(texts[i]), sound))
    return found


def judge_all(
    predictor: Predictor, cases: list[Case], finding: str
) -> dict[str, dict[str, Counter[str]]]:
    """How often each state came out, of the model's own maps and of the shuffled one's."""
    shuffled = weight_shuffled(predictor)
    sanity = {s.over: s for s in read_sanity(predictor.folder, predictor.identity.sha256)}
    found = {kind: {over: Counter[str]() for over in PARTS} for kind in ("trained", "shuffled")}
    for case in cases:
        prediction, other = predictor.predict(case), shuffled.predict(case)
        for over in PARTS:
            own = evidence(predictor, prediction, over, finding)
            stray = evidence(shuffled, other, over, finding, repeats=0).shares
            told = verdict(
                own.shares,
                own.erase,
                delta=own.delta,
                again=own.again,
                sanity=sanity.get(over),
            )
            found["trained"][over][told.state] += 1
            found["shuffled"][over][verdict(stray, own.erase).state] += 1
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--finding", default="pneumonia")
    given = parser.parse_args()
    predictor = Predictor.load(given.model, threads=1)
    cases = cases_of(read_manifest(given.manifest), given.cases)
    about = {"model": predictor.identity.sha256, "mmbm": mmbm.__version__, "cases": len(cases)}
    found = judge_all(predictor, cases, given.finding)
    print(json.dumps(about | {"finding": given.finding} | found))


if __name__ == "__main__":
    main()
