"""How much of the image's positive evidence lies in the lungs, on a manifest's positive test films.

    python benchmarks/lungs.py manifest.csv [--model MODEL] [--finding pneumonia]

Prints one JSON line: for each source the number of films and the quartiles of the share, beside the
part of the picture that the lungs take up, which is what evidence spread evenly would score.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import mmbm
from mmbm.data.corpus import read_corpus, read_texts
from mmbm.data.manifest import read_manifest
from mmbm.model import checkpoint
from mmbm.trust.lungs import share_inside, shipped


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    given = parser.parse_args()
    loaded = checkpoint.read(given.model)
    network = loaded.network
    finding = network.config.findings.index(given.finding)
    manifest = read_manifest(given.manifest)
    positive = manifest.labels([given.finding])[:, 0] == 1
    rows = manifest.rows
    test = manifest.take(positive & (rows["split"] == "test").to_numpy())
    corpus = read_corpus(test, read_texts(test), network.config, loaded.tokenizer)
    readout = network.readout()
    shares: dict[str, list[tuple[float, float]]] = {}
    for case in np.flatnonzero(corpus.film_of >= 0).tolist():
        with torch.inference_mode():
            seen = network.encode("image", corpus.inputs([case], only="image"))
        assert seen is not None
        features = torch.zeros(3, network.config.features)
        features[0] = seen.mean[0]
        target = readout.target(features, "image", finding)
        evidence = (target @ seen.vectors[0].double() / seen.vectors.shape[2]).reshape(seen.grid)
        lungs = shipped().find(corpus.films[corpus.film_of[case]])
        share = share_inside(evidence.numpy(), lungs)
        if lungs.found and share is not None and float(evidence.sum()) > 0:  # a true positive
            source = str(corpus.manifest.rows.at[case, "source"])
            shares.setdefault(source, []).append((share, lungs.area))
    figures = {}
    for source, pairs in shares.items():
        inside, area = np.array(pairs).T
        figures[source] = {
            "films": len(pairs),
            "share_quartiles": np.percentile(inside, [25, 50, 75]).round(3).tolist(),
            "lung_area_median": round(float(np.median(area)), 3),
        }
    identity = loaded.identity
    about = {"model": identity.name, "version": identity.version, "mmbm": mmbm.__version__}
    print(json.dumps(about | {"by_source": figures}))


if __name__ == "__main__":
    main()
