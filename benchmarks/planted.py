"""Do the ledger and the maps name what was planted? One cause in a case, one place in a part.

    python benchmarks/planted.py manifest.csv --cause [--model default] [--cases 300] [--ways W]
    python benchmarks/planted.py manifest.csv --evidence [--cases 100] [--every] [--only notes]

``--cause``: one modality alone carries the signal, and the ledger's largest contribution, for or
against, must be that modality's. Three ways, each with a third of its cases for each modality:

- ``random direction``: parts of assembled cases as the model's encoders read them, every case put
  together anew so that its parts know nothing of each other; a label that is the sign of the
  cause's feature along a random direction; fusion and head fitted on train and val cases, asked of
  held-out test cases. It depends on neither how good the encoders are nor what they were taught.
- ``real label``: the same, the label being the real one of the case that the cause came from.
- ``shipped``: nothing is fitted. Films of pneumonia, notes whose signs make it 4.5 times likelier,
  or recordings of crackles, all of test, among parts that say nothing: a note that tells of no
  sign, noise with the spectrum of normal breathing. No film says nothing to this model (an even
  grey one is as far from its training as can be), so where the film is not the cause it is absent.

``--evidence``: test films without a finding get a consolidation in one lung, test notes a sentence
with a sign they did not tell, notes that deny all they tell one with a sign, test recordings of
normal breathing two seconds of crackles, synthesised or from a test recording of crackles. The top
of a map is the tile (a 16th of the film's side), the word, or the half second with the largest
share for pneumonia; it hits where a quarter of the tile or half second, or any of the word, was
planted. ``chance`` is what a blind choice hits, ``chance_in_lungs`` one among the tiles of lung.
A model that does not react cannot show evidence: ``reacts`` counts the cases whose contribution
rose by 0.25 logits, ``moves`` by 0.05, ``leaps`` by 1, and hits are counted over all cases and over
those. ``broad`` looks for the top of the same map added up over three tiles by three, three half
seconds, or the clauses of a note: of "denies fever" the second word alone speaks for. The
``difference`` reads the map of the altered part less that of the same part before, which a page
that shows one case cannot draw. ``--every`` adds every method from every baseline but the slowest:
integrated gradients, GradientShap, and windows slid over the film.

Prints one JSON line with the machine, its load and the versions. 95 % intervals are Wilson's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from assembled import about, features_of, light, whole
from case import SAMPLE
from planted_cases import PLANTERS
from planted_cause import Learned, fitted, shipped
from planted_evidence import figures, tried

from mmbm.case import MODALITIES
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.evaluate.golden import sample_case
from mmbm.model.readout import FUSIONS
from mmbm.predict import Predictor

SEEDS = 3  # fits of each head
WAYS = ("random direction", "real label", "shipped")


def cause(
    predictor: Predictor,
    manifest: Manifest,
    ways: Sequence[str],
    *,
    finding: str,
    count: int,
    cache: Path,
) -> dict[str, Any]:
    """Each of the ways; the fitted ones with every fusion."""
    if list(ways) == ["shipped"]:
        return {"shipped": shipped(predictor, manifest, finding, count)}
    part = whole(manifest, 1000)
    features = features_of(predictor, part, cache)
    test = torch.from_numpy((part.rows["split"] == "test").to_numpy(copy=True))
    learned = Learned(
        part.take((~test).numpy()), features[~test], part.take(test.numpy()), features[test]
    )
    template = light(predictor.predict(sample_case(SAMPLE)))
    found: dict[str, Any] = {"cases": len(part.rows), "held_out": int(test.sum())}
    for way in ways:
        if way == "shipped":
            found[way] = shipped(predictor, manifest, finding, count)
            continue
        found[way] = {
            fusion: fitted(predictor, learned, template, fusion, way, SEEDS) for fusion in FUSIONS
        }
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cause", action="store_true")
    what.add_argument("--evidence", action="store_true")
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--cases", type=int, default=0, help="300 causes, 100 of each evidence")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="of the cause")
    parser.add_argument("--only", choices=MODALITIES, help="evidence in one part")
    parser.add_argument("--every", action="store_true", help="the maps of every method")
    parser.add_argument("--cache", type=Path, default=Path("runs/heads"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor, manifest = Predictor.load(given.model, "cpu", 1), read_manifest(given.manifest)
    found: dict[str, Any] = {}
    if given.cause:
        found = cause(
            *(predictor, manifest, given.ways),
            finding=given.finding,
            count=given.cases or 300,
            cache=given.cache,
        )
    for modality in MODALITIES if given.evidence else ():
        if given.only in (None, modality):
            rng = np.random.default_rng(0)
            planted = PLANTERS[modality](manifest, given.cases or 100, rng)
            found[modality] = figures(
                [tried(predictor, p, modality, given.finding, every=given.every) for p in planted]
            )
    print(
        json.dumps(
            {
                "what": "planted causes" if given.cause else "planted evidence",
                "finding": given.finding,
                **found,
                **about(predictor),
            }
        )
    )


if __name__ == "__main__":
    main()
