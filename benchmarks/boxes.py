"""Does a map's top lie where radiologists drew a box? On films of NIH ChestX-ray14.

    python benchmarks/boxes.py manifest.csv BBox_List_2017.csv [--model default] [--only test]

The published list has a box for each of 984 findings on 880 films, drawn by radiologists of the NIH
(Wang et al., CVPR 2017). Of those, every film of the manifest that has one of ``--box`` is asked
for its maps of ``--finding``. No box is used in training.

The top of a map is the tile, a 16th of the film's side, with the largest share for the finding; it
hits where a quarter of the tile lies in a box of that film. ``broad`` looks for it in the map added
up over three tiles by three. ``chance_in_lungs`` is what a blind choice among the tiles of lung
hits. ``in_box`` is the part of what speaks for the finding that lies in a box, and ``times_even``
how many times as much that is as evidence spread evenly over the lungs would give (medians).

Prints one JSON line with the machine, its load and the versions. 95 % intervals are Wilson's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from assembled import about
from numpy.typing import NDArray
from planted_cases import COVERED, TILES, of_lung
from planted_evidence import share
from planted_maps import broad, hit, shares, ways

from mmbm.branches.parts import Box, spread
from mmbm.case import Case
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.io import read_picture
from mmbm.predict import Predictor

SIDE = 1024  # pixels of the published films, which the boxes are given in
WAYS = ways("pixels", False)


def boxes_of(listed: pd.DataFrame, film: str) -> NDArray[np.float64]:
    """(TILES, TILES), how much of each tile lies in one of the film's boxes."""
    covered = np.zeros((TILES, TILES))
    for row in listed[listed["Image Index"] == film].itertuples(index=False):
        left, top, width, height = (float(side) / SIDE for side in row[2:6])
        whole = np.full((1, 1), width * height * TILES**2)
        tiles = spread(whole, Box(top, top + height, left, left + width), TILES)
        covered = np.maximum(covered, tiles)
    return covered


def looked_at(
    predictor: Predictor, manifest: Manifest, row: int, covered: NDArray[np.float64], finding: str
) -> dict[str, Any] | None:
    """One film's maps against its boxes; None where no lungs are found."""
    path = manifest.path(row, "image")
    assert path is not None
    prediction = predictor.predict(Case(read_picture(path.read_bytes(), path.name)))
    lungs = prediction.features.prepared["image"].lungs
    if not lungs.found:
        return None
    lung = of_lung(lungs)
    where = covered >= COVERED
    even = float((lung * covered).sum() / lung.sum())
    found: dict[str, Any] = {"blind": float(where[lung >= 0.5].mean())}
    for way in WAYS:
        tiles = shares(predictor, prediction, "pixels", finding, way)
        assert not isinstance(tiles, tuple)
        positive = tiles.clip(0)
        inside = float((positive * covered).sum() / max(positive.sum(), 1e-9))
        found[way.name] = hit(tiles, where), hit(broad(tiles, ""), where), inside, inside / even
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("boxes", type=Path, help="BBox_List_2017.csv, as the NIH publishes it")
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--box", nargs="+", default=["Pneumonia"], help="findings of the list")
    parser.add_argument("--only", choices=("train", "val", "test"), help="films of one split")
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor, manifest = Predictor.load(given.model, "cpu", 1), read_manifest(given.manifest)
    listed = pd.read_csv(given.boxes)
    listed = listed[listed["Finding Label"].isin(given.box)]
    films = manifest.rows["image"].map(lambda name: f"{Path(name).stem}.png")
    chosen = films.isin(listed["Image Index"])
    if given.only:
        chosen &= manifest.rows["split"] == given.only
    tried = {
        row: looked_at(predictor, manifest, row, boxes_of(listed, films[row]), given.finding)
        for row in np.flatnonzero(chosen.to_numpy()).tolist()
    }
    rows = [found for found in tried.values() if found is not None]
    maps = {
        way.name: {
            "top": share([r[way.name][0] for r in rows]),
            "broad": share([r[way.name][1] for r in rows]),
            "in_box": round(float(np.median([r[way.name][2] for r in rows])), 3),
            "times_even": round(float(np.median([r[way.name][3] for r in rows])), 2),
        }
        for way in WAYS
    }
    print(
        json.dumps(
            {
                "what": "radiologists' boxes",
                "finding": given.finding,
                "box": given.box,
                "films": len(tried),
                "no_lungs": len(tried) - len(rows),
                "splits": manifest.rows.loc[list(tried), "split"].value_counts().to_dict(),
                "chance_in_lungs": round(float(np.mean([r["blind"] for r in rows])), 3),
                "maps": maps,
                **about(predictor),
            }
        )
    )


if __name__ == "__main__":
    main()
