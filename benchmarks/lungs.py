"""How much of the image's positive evidence lies in the lungs, on a manifest's positive test films.

    python benchmarks/lungs.py manifest.csv [--model MODEL] [--finding pneumonia] [--pixels 40]

Prints one JSON line: for each source the number of true positives (films with lungs found, whose
image speaks for the finding) and the quartiles of the share by the last-layer map, beside the part
of the picture that the lungs take up, which evidence spread evenly would score. ``--pixels`` adds
the share by integrated gradients on the pixels, for so many films of each source.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import mmbm
from mmbm.branches.image.evidence import share_inside
from mmbm.case import Case
from mmbm.data.manifest import read_manifest
from mmbm.explain.attribution import attribute
from mmbm.explain.maps import finer_maps
from mmbm.io import read_picture
from mmbm.predict import Predictor


def quartiles(values: list[float]) -> list[float]:
    """First, second and third, to three places."""
    return [round(float(q), 3) for q in np.percentile(values, [25, 50, 75])]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--pixels", type=int, default=0)
    given = parser.parse_args()
    predictor = Predictor.load(given.model)
    index = predictor.config.findings.index(given.finding)
    manifest = read_manifest(given.manifest)
    positive = manifest.labels([given.finding])[:, 0] == 1
    found: dict[str, dict[str, list[float]]] = {}
    for row in np.flatnonzero(positive & (manifest.rows["split"] == "test").to_numpy()).tolist():
        path = manifest.path(row, "image")
        if path is None:
            continue
        prediction = predictor.predict(Case(read_picture(path.read_bytes(), path.name)))
        shares = finer_maps(predictor, prediction)[index].values("image")
        lungs = prediction.features.prepared["image"].lungs
        if not lungs.found or shares.sum() <= 0:
            continue
        of = found.setdefault(
            str(manifest.rows.at[row, "source"]), {"last_layer": [], "pixels": [], "area": []}
        )
        of["last_layer"].append(share_inside(shares, lungs) or 0.0)
        of["area"].append(lungs.area)
        if len(of["pixels"]) < given.pixels:
            values = attribute(
                *(predictor, prediction, "pixels", given.finding),
                method="Integrated Gradients",
                baseline="grey",
            ).values
            of["pixels"].append(share_inside(np.asarray(values, np.float64), lungs) or 0.0)
    figures = {
        source: {
            "films": len(of["area"]),
            "last_layer": quartiles(of["last_layer"]),
            **({"pixels": quartiles(of["pixels"]), "pixel_films": len(of["pixels"])}
               if of["pixels"] else {}),
            "lung_area_median": round(float(np.median(of["area"])), 3),
        }
        for source, of in found.items()
    }  # fmt: skip
    about = {"model": predictor.identity.name, "version": predictor.identity.version}
    print(json.dumps(about | {"mmbm": mmbm.__version__, "by_source": figures}))


if __name__ == "__main__":
    main()
