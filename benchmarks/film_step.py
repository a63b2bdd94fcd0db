"""How long a film takes two models, from picture to features: they take turns, so that a neighbour
on the machine slows both.

    python benchmarks/film_step.py MODEL OTHER [--image F] [--repeats 60] [--threads N]

Prints one JSON line: of each model the median and the tenth percentile of preparing a film and of
running its branch, in milliseconds; the ratios are those of MODEL to OTHER, medians over rounds.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
from case import SAMPLE, processor

from mmbm.case import Case
from mmbm.device import cores
from mmbm.io import read_picture
from mmbm.predict import Predictor

STEPS = ("prepare", "image")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model")
    options.add_argument("other")
    options.add_argument("--image", type=Path, default=SAMPLE / "image.dcm")
    options.add_argument("--repeats", type=int, default=60)
    options.add_argument("--threads", type=int, default=0, help="torch's; 0: the default")
    given = options.parse_args()
    case = Case(image=read_picture(given.image.read_bytes(), given.image.name))
    predictors = [Predictor.load(m, "cpu", given.threads) for m in (given.model, given.other)]
    rounds = np.array(
        [
            [[p.predict(case).seconds[step] for step in STEPS] for p in predictors]
            for _ in range(given.repeats + 3)
        ][3:]
    )  # (repeats, 2, steps) s
    found = {
        predictor.identity.name + " " + predictor.identity.version: {
            step: {
                "median_ms": round(float(np.median(rounds[:, k, s])) * 1000, 2),
                "p10_ms": round(float(np.percentile(rounds[:, k, s], 10)) * 1000, 2),
            }
            for s, step in enumerate(STEPS)
        }
        for k, predictor in enumerate(predictors)
    }
    ratio = np.median(rounds[:, 0] / rounds[:, 1], axis=0)
    whole = float(np.median(rounds[:, 0].sum(1) / rounds[:, 1].sum(1)))
    print(
        json.dumps(
            found
            | {"ratio": dict(zip(STEPS, ratio.round(2).tolist(), strict=True))}
            | {"ratio_of_both": round(whole, 2)}
            | {"machine": f"{processor()}, {cores()} cores", "load": round(os.getloadavg()[0], 2)}
        )
    )


if __name__ == "__main__":
    main()
