"""How well are lung sounds named, and when were they heard? On recordings of patients.

    python benchmarks/sounds.py manifest.csv [--model default] [--split test] [--each scores.jsonl]

Every recording of the manifest that stands in a row of its own is heard once by the model's sound
branch alone. For each source: the AUROC of *any added sound* (1 less the probability of normal
breath sounds), of *crackles* of any kind, of *wheezing*, and of each of the model's events, over
recordings that were labelled.

``top_in_event`` is how often the second that speaks most for one of those three, by the event's map
(``mmbm.explain.events``), lies in a stretch that was annotated as one of its kind, over recordings
that have such a stretch; ``chance`` is what part of those recordings such stretches make up. With
``--finding``, ``finding_in_event`` is the same of the page's map of that finding and of any added
sound. What speaks for any added sound is what speaks least for normal breath sounds.

95 % intervals are of 1,000 bootstrap draws of patients. ``--each`` names a file that gets a line
for each recording. Prints one JSON line with the machine, its load and the versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from assembled import about
from numpy.typing import NDArray

from mmbm.case import Case
from mmbm.data.located import Event
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.evaluate.metrics import figures, resample
from mmbm.explain.events import event_maps
from mmbm.explain.maps import last_layer
from mmbm.io import read_sound
from mmbm.predict import Prediction, Predictor

CRACKLES = ("crackles", "fine_crackles", "coarse_crackles")
KINDS = {  # a score -> the names of its annotated stretches
    "any added sound": (*CRACKLES, "wheezing", "rhonchi", "stridor"),
    "crackles": CRACKLES,
    "wheezing": ("wheezing",),
}


def own_rows(manifest: Manifest, split: str) -> list[int]:
    """Rows that are a recording and nothing else, each file once."""
    rows = manifest.rows
    alone = (rows["audio"] != "") & (rows["image"] == "") & (rows["notes_text"] == "")
    chosen = rows[alone & (rows["split"] == split)].drop_duplicates("audio")
    return [int(row) for row in chosen.index]


def scores(prediction: Prediction) -> dict[str, float]:
    """The probability of each event and of the three kinds."""
    heard = {event.name: event.probability for event in prediction.events["audio"]}
    crackles = [heard[name] for name in CRACKLES if name in heard]
    kinds = {"any added sound": 1 - heard["normal"], "crackles": crackles[0] if crackles else 0.0}
    return heard | kinds


def labels(manifest: Manifest, row: int, names: Sequence[str]) -> dict[str, float]:
    """What is known of one recording, NaN where nothing is."""
    known = dict(zip(names, manifest.sounds(names)[row].tolist(), strict=True))
    normal, crackles = (float(v) for v in manifest.sounds(("normal", "crackles"))[row])
    return known | {"any added sound": 1 - normal, "crackles": crackles}


def tops(predictor: Predictor, prediction: Prediction) -> dict[str, float]:
    """The second that speaks most for each of the three kinds."""
    maps = {m.name: m.evidence for m in event_maps(predictor, prediction)}
    crackles = next((maps[name] for name in CRACKLES if name in maps), None)
    normal = maps["normal"]
    moments = -normal.values.sum(0)
    any_added = normal.start + (int(moments.argmax()) + 0.5) * normal.seconds / len(moments)
    found = {"any added sound": any_added}
    if crackles is not None:
        found["crackles"] = crackles.strongest
    return found | ({"wheezing": maps["wheezing"].strongest} if "wheezing" in maps else {})


def top_of_finding(prediction: Prediction, finding: str) -> float:
    """The second that speaks most for a finding, by the page's map."""
    return last_layer(prediction, finding).parts["audio"].strongest


def inside(second: float, events: Sequence[Event], kinds: Sequence[str]) -> bool:
    """Whether an event of these kinds sounds at a second."""
    return any(e.name in kinds and e.start <= second < e.end for e in events)


def covered(events: Sequence[Event], kinds: Sequence[str], start: float, seconds: float) -> float:
    """What part of a recording events of these kinds make up."""
    times = start + (np.arange(1000) + 0.5) * seconds / 1000
    return float(np.mean([inside(t, events, kinds) for t in times.tolist()]))


def heard(
    predictor: Predictor, manifest: Manifest, row: int, finding: str | None
) -> dict[str, Any]:
    """All that is told of one recording."""
    path = manifest.path(row, "audio")
    assert path is not None
    sound = read_sound(path.read_bytes(), path.name)
    prediction = predictor.predict(Case(audio=sound))
    events = manifest.events(row)
    line: dict[str, Any] = {
        "source": str(manifest.rows["source"][row]),
        "patient": str(manifest.rows["patient_id"][row]),
        "scores": scores(prediction),
        "labels": labels(manifest, row, [e.name for e in prediction.events["audio"]]),
        "top": {},
    }
    named = tops(predictor, prediction)
    if finding:
        named[finding] = top_of_finding(prediction, finding)
    for kind, second in named.items():
        names = KINDS.get(kind, KINDS["any added sound"])
        if any(event.name in names for event in events):
            there = covered(
                events, names, sound.start, prediction.features.prepared["audio"].seconds
            )
            line["top"][kind] = inside(second, events, names), there
    return line


def mean_of(values: Sequence[float], patients: NDArray[np.str_]) -> list[float]:
    """[mean, low, high] over recordings, by draws of patients."""
    weights = resample(patients)
    drawn = weights @ np.array(values) / weights.sum(1)
    return [round(float(v), 3) for v in (np.mean(values), *np.percentile(drawn, [2.5, 97.5]))]


def told(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of one source."""
    found: dict[str, Any] = {"recordings": len(lines)}
    found["patients"] = len({line["patient"] for line in lines})
    for name in lines[0]["scores"]:
        known = [x for x in lines if np.isfinite(x["labels"].get(name, np.nan))]
        label = np.array([x["labels"][name] for x in known])
        if len(np.unique(label)) < 2:
            continue
        patients = np.array([x["patient"] for x in known])
        one = figures(np.array([x["scores"][name] for x in known]), label, patients, floor=False)
        assert one.auroc is not None and one.auroc_ci is not None
        interval = [round(v, 3) for v in (one.auroc, *one.auroc_ci)]
        found[name] = {"auroc": interval, "n": one.n, "positives": one.positives}
    places = {}
    for kind in sorted({kind for line in lines for kind in line["top"]}):
        known = [x for x in lines if kind in x["top"]]
        patients = np.array([x["patient"] for x in known])
        places[kind] = {
            "in_event": mean_of([float(x["top"][kind][0]) for x in known], patients),
            "chance": round(float(np.mean([x["top"][kind][1] for x in known])), 3),
            "n": len(known),
        }
    return found | ({"top_in_event": places} if places else {})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"))
    parser.add_argument("--finding", help="look at the page's map of this finding too")
    parser.add_argument("--each", type=Path, help="write a line for each recording here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor, manifest = Predictor.load(given.model, "cpu", 1), read_manifest(given.manifest)
    rows = own_rows(manifest, given.split)
    lines = [heard(predictor, manifest, row, given.finding) for row in rows]
    if given.each:
        given.each.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sources = sorted({line["source"] for line in lines})
    by_source = {s: told([line for line in lines if line["source"] == s]) for s in sources}
    print(
        json.dumps({"what": "lung sounds", "split": given.split, **by_source, **about(predictor)})
    )


if __name__ == "__main__":
    main()
