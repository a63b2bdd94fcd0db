"""By which map to take a part apart when looking for what flips a finding.

    python benchmarks/flip_order.py manifest.csv [--model default] [--cases 150] [--only notes]

Test films, notes and recordings, each by itself, are searched for a minimal set of regions, words
or seconds without which pneumonia crosses its threshold (0.5; for recordings, which move little,
the median of their probabilities). Pieces go in the order of the last-layer map, and in that of
DeepLIFT's; every set is really taken out and scored. A search gives up with half of the part gone,
so a better order finds more sets, and smaller ones. Sizes are compared where both found one.

Prints one JSON line with the machine, its load and the versions.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from assembled import about

from mmbm.branches.parts import Piece
from mmbm.case import MODALITIES, Case, Modality
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.reading import read_texts
from mmbm.explain import flips
from mmbm.explain.maps import last_layer
from mmbm.explain.pieces import in_pieces, pieces
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.predict import Prediction, Predictor


def parts(manifest: Manifest, modality: Modality, count: int) -> list[Case]:
    """Test cases that have this part, with nothing else; each file once, evenly spaced."""
    test = manifest.take((manifest.rows["split"] == "test").to_numpy())
    if modality == "notes":
        texts = list(dict.fromkeys(text for text in read_texts(test) if text))
        return [Case(notes=typed_notes(text)) for text in texts[:: max(1, len(texts) // count)]]
    files = [test.path(row, modality) for row in range(len(test.rows))]
    given = list(dict.fromkeys(file for file in files if file is not None))
    chosen = [(file.read_bytes(), file.name) for file in given[:: max(1, len(given) // count)]]
    if modality == "image":
        return [Case(image=read_picture(*file)) for file in chosen]
    return [Case(audio=read_sound(*file)) for file in chosen]


def by_last_layer(
    predictor: Predictor, prediction: Prediction, case: Case, modality: Modality, finding: str
) -> list[Piece]:
    """In place of :func:`mmbm.explain.pieces.pieces`."""
    values = last_layer(prediction, finding).values(modality)
    return in_pieces(values, prediction, case, modality)


ORDERS = {"last layer": by_last_layer, "DeepLIFT": pieces}


def searched(
    predictor: Predictor, cases: list[Case], modality: Modality, finding: str
) -> dict[str, Any]:
    """How each order fares on the same cases."""
    seen = [predictor.predict(case) for case in cases]
    at = predictor.config.findings.index(finding)
    middle = float(np.median([prediction.findings[at].probability for prediction in seen]))
    threshold = middle if modality == "audio" else 0.5
    sizes: dict[str, list[int | None]] = {order: [] for order in ORDERS}
    scored: dict[str, list[int]] = {order: [] for order in ORDERS}
    for case, prediction in zip(cases, seen, strict=True):
        for order in ORDERS:
            with patch.object(flips, "pieces", ORDERS[order]):
                found = flips.flip(
                    *(predictor, case, prediction, modality, finding), threshold=threshold
                )
            sizes[order].append(len(found.removed) if found else None)
            scored[order] += [found.scored] if found else []
    both = [i for i in range(len(cases)) if all(sizes[order][i] for order in ORDERS)]
    return {
        "cases": len(cases),
        "both": len(both),
        **{
            order: {
                "found": sum(size is not None for size in sizes[order]),
                "mean_size_where_both": round(float(np.mean([sizes[order][i] for i in both])), 2),
                "mean_scored": round(float(np.mean(scored[order])), 1),
            }
            for order in ORDERS
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--cases", type=int, default=150, help="of each part; of films a third")
    parser.add_argument("--only", choices=MODALITIES)
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor, manifest = Predictor.load(given.model, "cpu", 1), read_manifest(given.manifest)
    found = {
        modality: searched(
            predictor,
            parts(manifest, modality, given.cases // (3 if modality == "image" else 1)),
            modality,
            given.finding,
        )
        for modality in MODALITIES
        if given.only in (None, modality)
    }
    print(json.dumps({"what": "flips by the order of a map", **found, **about(predictor)}))


if __name__ == "__main__":
    main()
