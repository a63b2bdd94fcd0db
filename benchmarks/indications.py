"""What the notes branch makes of real notes that it never learned from.

    python benchmarks/indications.py DATA [--model default] [--films manifest.csv] [--most 300]

``DATA`` is the folder of the public sources. Open-I's indications, disease names masked, stand
alone against the coders' labels: AUROC of an opacity, interval over reports. With ``--films``, each
test film of the manifest that has a label is given the indication of a report with the same label,
drawn at random, and what film and indication tell is compared with the film alone, by source. These
pairs are assembled: given the label the two know nothing of one another.

Of MTSamples' general notes it is counted how many are flagged as unlike the training data, how many
are answered yes or no all the same, and what they move. Nothing is learned from either collection:
Open-I's licence allows no derivatives.

Prints one JSON line.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from assembled import about
from numpy.typing import NDArray

from mmbm.branches.notes.cues import words_per_sign
from mmbm.case import Case
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.masking import mask_disease_names
from mmbm.evaluate.metrics import compare, figures
from mmbm.io import read_picture, typed_notes
from mmbm.predict import Prediction, Predictor
from mmbm.trust.judge import Judgement, judge

FINDING, LABEL = "pneumonia", "opacity_pneumonia"
PERCENTILES = (0, 5, 50, 95, 100)


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(predictor: Predictor, text: str) -> tuple[Prediction, Judgement]:
    """One note alone, and how it is judged."""
    case = Case(notes=typed_notes(text))
    prediction = predictor.predict(case)
    return prediction, judge(case, prediction, predictor.config)


def judged(judgements: Iterable[Judgement], place: int) -> dict[str, float]:
    """How many are flagged, and how many are answered yes or no."""
    seen = list(judgements)
    sure = [j.answers[place].verdict in ("yes", "no") for j in seen]
    return {
        "flagged": round(float(np.mean([bool(j.flagged) for j in seen])), 4),
        "sure": round(float(np.mean(sure)), 4),
    }


def spread(values: Iterable[float]) -> list[float]:
    """The percentiles 0, 5, 50, 95 and 100."""
    return [round(float(v), 2) for v in np.percentile(list(values), PERCENTILES)]


def with_films(
    predictor: Predictor,
    manifest: Manifest,
    notes: torch.Tensor,
    labels: NDArray[np.float64],
    most: int,
) -> dict[str, Any]:
    """Film and indication against the film alone, by source; ``notes`` (reports, d) features."""
    truth = manifest.labels([FINDING])[:, 0]
    rows, draw = manifest.rows, np.random.default_rng(0)
    place = predictor.config.findings.index(FINDING)
    has = (rows["split"] == "test") & (rows["image"] != "") & ~np.isnan(truth)
    found: dict[str, Any] = {}
    for source in sorted(set(rows.loc[has, "source"])):
        mine = np.flatnonzero(has & (rows["source"] == source))
        mine = mine[np.arange(min(most, len(mine))) * len(mine) // min(most, len(mine))]
        features = torch.zeros(len(mine), 3, predictor.config.features)
        for k, row in enumerate(mine.tolist()):
            path = manifest.path(row, "image")
            assert path is not None
            seen = predictor.predict(Case(image=read_picture(path.read_bytes(), path.name)))
            features[k, 0] = seen.features.means[0]
        both = features.clone()
        for label in (0, 1):
            of = np.flatnonzero(truth[mine] == label)
            both[of, 1] = notes[draw.choice(np.flatnonzero(labels == label), len(of))]
        readout = predictor.network.readout()
        said = {
            name: readout.logits(f)[:, place].sigmoid().numpy()
            for name, f in (("film + indication", both), ("film", features))
        }
        first, second = said.items()
        pair = compare(
            first,
            second,
            truth[mine].astype(np.float64),
            rows["patient_id"].to_numpy(str)[mine],
            assembled=len(mine),
        )
        found[source] = None if pair is None else pair.model_dump(mode="json")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--films", type=Path, help="a manifest; its test films are paired")
    parser.add_argument("--most", type=int, default=300, help="films of a source")
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(given.model, "cpu", 1)
    place = predictor.config.findings.index(FINDING)
    reports = [
        (row["report_id"], mask_disease_names(" ".join(row["indication"].split())), row[LABEL])
        for row in rows_of(given.data / "notes" / "openi" / "reports.csv")
    ]
    reports = [r for r in reports if any(c.isalpha() for c in r[1])]
    known = {text: read(predictor, text) for text in {text for _, text, _ in reports}}
    labels = np.array([float(label) for *_, label in reports])
    seen = [known[text] for _, text, _ in reports]
    alone = figures(
        np.array([prediction.findings[place].probability for prediction, _ in seen]),
        labels,
        np.array([name for name, *_ in reports]),
        floor=False,
    )
    general = [
        row["note"].strip() for row in rows_of(given.data / "notes" / "mtsamples" / "notes.csv")
    ]
    others = [(text, *read(predictor, text)) for text in general if text]
    moved = [float(p.readout.contributions(p.features.means)[place, 1]) for _, p, _ in others]
    result = {
        "what": "real notes",
        "indications": {
            "n": alone.n,
            "positives": alone.positives,
            "auroc": alone.auroc,
            "auroc_ci": alone.auroc_ci,
            **judged((j for _, j in seen), place),
        },
        "general": {
            "n": len(others),
            **judged((j for *_, j in others), place),
            "words_per_sign": spread(words_per_sign(text) for text, *_ in others),
            "contribution": spread(moved),
        },
        **about(predictor),
    }
    if given.films is not None:
        features = torch.stack([prediction.features.means[1] for prediction, _ in seen])
        result["assembled pairs"] = with_films(
            predictor, read_manifest(given.films), features, labels, given.most
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
