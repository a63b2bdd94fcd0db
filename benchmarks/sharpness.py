"""How far the way a film was made gives its label away, and what levelling the spectrum leaves.

    python benchmarks/sharpness.py manifest.csv [--finding pneumonia] [--cycles 32]

For each source and view with both labels: AUROC of the size of the file in bytes, which no reader
of the film sees, and of the power in five bands of frequency, as filmed and with the spectrum
levelled (``mmbm.spectrum``); both with greys by rank. 0.5 tells nothing; far from it on either
side, the label can be told without looking at the lungs. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

import mmbm
from mmbm.branches.image.prepare import equalise, shrink
from mmbm.branches.image.spectrum import level_spectrum
from mmbm.data.manifest import read_manifest
from mmbm.io import read_picture

SIZE = 160
BANDS = ((2, 4), (4, 8), (8, 16), (16, 32), (32, 64))  # cycles over the film
FEWEST = 20  # films of a label


def powers(square: torch.Tensor) -> list[float]:
    """Log power of each band of a (1, SIZE, SIZE) film."""
    taper = torch.hann_window(SIZE)
    power = torch.fft.rfft2(square[0] * taper * taper[:, None]).abs().square()
    down = torch.fft.fftfreq(SIZE)[:, None] * SIZE
    radius = (down.square() + (torch.fft.rfftfreq(SIZE)[None] * SIZE).square()).sqrt()
    found = [power[(radius >= low) & (radius < high)].mean() for low, high in BANDS]
    return torch.stack(found).clamp(min=1e-12).log().tolist()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--cycles", type=float, default=32.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    manifest = read_manifest(given.manifest)
    labels = manifest.labels([given.finding])[:, 0]
    rows = [i for i, y in enumerate(labels) if y in (0, 1) and manifest.path(i, "image")]

    def measure(row: int) -> list[float]:
        path = manifest.path(row, "image")
        assert path is not None
        square = equalise(shrink(read_picture(path.read_bytes(), path.name).shown, SIZE))
        levelled = equalise(level_spectrum(square, given.cycles))
        return [float(path.stat().st_size), *powers(square), *powers(levelled)]

    with ThreadPoolExecutor(2) as pool:
        measured = np.array(list(pool.map(measure, rows)))
    names = ["bytes", *(f"{a}-{b}" for a, b in BANDS), *(f"{a}-{b} levelled" for a, b in BANDS)]
    table = manifest.rows.iloc[rows]
    groups = (table["source"] + " " + table["view"]).str.strip().to_numpy(str)
    found = {}
    for group in np.unique(groups):
        mine, y = groups == group, labels[rows]
        if min((y[mine] == 0).sum(), (y[mine] == 1).sum()) < FEWEST:
            continue
        found[group] = {"films": int(mine.sum())} | {
            name: round(float(roc_auc_score(y[mine], measured[mine, k])), 3)
            for k, name in enumerate(names)
        }
    print(json.dumps({"mmbm": mmbm.__version__, "finding": given.finding, "auroc": found}))


if __name__ == "__main__":
    main()
