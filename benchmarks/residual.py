"""Does every account add up? The ledger's residual over 1,000 assembled cases, for every fusion.

    python benchmarks/residual.py manifest.csv [--model default] [--cases 1000] [--cache runs/heads]

Each case (of any split, evenly spaced through the manifest, with film, note and recording) is read
and scored once by the model as shipped. For the other fusions that a config can name, fusion and
head are fitted anew, by the loss of training, on the features of these same cases, and the cases
scored by that head on the same features; the encoders do not run again. Then ``ledger`` is asked of
each prediction, and once more of each with one or two parts muted.

``residual`` is |base + contributions - logit| as the ledger gives it, in logits, over all cases and
findings: both sides are worked out in float64, one by summing contributions and one by fusing
first. ``float32`` is the distance of the same sum from what the net's own modules say in float32,
which shares no code with the account. ``rescaled`` is how much any contribution of the shipped
model moves when w_i and f_i are rescaled against each other (w_i -> a w_i, f_i -> f_i / a).

Prints one JSON line with the machine, its load and the versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from assembled import about, cases, head_of, keep, light, store, whole

from mmbm.case import MODALITIES
from mmbm.data.manifest import read_manifest
from mmbm.explain.ledger import ledger
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import FUSIONS, CoalitionReadout, Readout, WeightedSum, coalitions
from mmbm.predict import Finding, Prediction, Predictor

GOAL = 1e-5  # logits
RESCALES = torch.tensor([2.0, 0.37, 11.0], dtype=torch.float64)  # of w_image, w_notes, w_audio


def scored_by(
    prediction: Prediction, readout: Readout | CoalitionReadout, means: torch.Tensor
) -> Prediction:
    """The prediction that a predictor with this readout makes of these features, (3, d)."""
    logits = readout.logits(means)
    present = tuple(m for m, f in zip(MODALITIES, means, strict=True) if bool(f.any()))
    findings = tuple(
        Finding(old.name, float(z), float(z.sigmoid()))
        for old, z in zip(prediction.findings, logits, strict=True)
    )
    features = replace(prediction.features, means=means)
    return replace(
        prediction, readout=readout, findings=findings, features=features, present=present
    )


def by_modules(network: MultimodalBigModel, features: torch.Tensor) -> torch.Tensor:
    """The net's calibrated logits in float32, (n, 3, d) -> (n, findings), from its own modules."""
    with torch.no_grad():
        if not isinstance(network.fusion, WeightedSum):  # one scale a finding
            scale = network.calibration_scale.mean(1)
            logits = network.fusion(features) @ network.head.weight.T * scale
        else:
            logits = torch.stack(
                [
                    network.fusion(features * scale[:, None]) @ row
                    for scale, row in zip(
                        network.calibration_scale, network.head.weight, strict=True
                    )
                ],
                1,
            )
        return logits + network.head.bias + network.calibration_shift


def residuals(
    predictions: Sequence[Prediction], network: MultimodalBigModel, parts: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Of each case and finding with only ``parts``, (3,), heard: the residual, and from float32."""
    readout = network.readout()
    own, other = [], []
    for prediction in predictions:
        means = prediction.features.means * parts[:, None]
        entries = ledger(scored_by(prediction, readout, means))
        sums = [entry.base + sum(entry.contributions.values()) for entry in entries]
        own.append([entry.residual for entry in entries])
        other.append((torch.tensor(sums) - by_modules(network, means[None])[0]).abs().tolist())
    return np.array(own), np.array(other)


def rescaled(predictions: Sequence[Prediction]) -> float:
    """The largest change of a contribution of a weighted sum when w_i and f_i trade a factor."""
    worst = 0.0
    for prediction in predictions:
        readout = prediction.readout
        assert isinstance(readout, Readout)
        means = prediction.features.means.double()
        moved = scored_by(
            prediction,
            replace(readout, weights=readout.weights * RESCALES),
            means / RESCALES[:, None],
        )
        for before, after in zip(ledger(prediction), ledger(moved), strict=True):
            changes = [abs(before.contributions[m] - after.contributions[m]) for m in MODALITIES]
            worst = max(worst, *changes)
    return worst


def figures(
    predictions: Sequence[Prediction], network: MultimodalBigModel, how: str
) -> dict[str, Any]:
    """What is printed of one fusion."""
    own, other = residuals(predictions, network, torch.ones(3))
    muted = [residuals(predictions, network, c.float())[0] for c in coalitions(3)[:-1]]
    return {
        "head": how,
        "cases": len(own),
        "findings": own.shape[1],
        "max_residual": float(f"{own.max():.2g}"),
        "median_residual": float(f"{np.median(own):.2g}"),
        "above_goal": int((own.max(1) > GOAL).sum()),
        "max_residual_muted": float(f"{max(m.max() for m in muted):.2g}"),
        "max_float32": float(f"{other.max():.2g}"),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--cache", type=Path, default=Path("runs/heads"), help="keep features here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(given.model, "cpu", 1)
    part = whole(read_manifest(given.manifest), given.cases)
    asked = [light(predictor.predict(case)) for case in cases(part)]
    worst = max(entry.residual for prediction in asked for entry in ledger(prediction))
    shipped, features = predictor.network, torch.stack([p.features.means for p in asked])
    keep(features, store(predictor.identity, part, given.cache))
    labels = torch.from_numpy(part.labels(predictor.config.findings))
    heads: dict[str, dict[str, Any]] = {
        predictor.config.fusion: figures(asked, shipped, "as shipped")
    }
    for fusion in FUSIONS:
        if fusion != predictor.config.fusion:
            fitted = head_of(
                *(predictor.config, features, labels),
                fusion=fusion,
                findings=predictor.config.findings,
            )
            heads[fusion] = figures(asked, fitted, "fitted on these features")
    print(
        json.dumps(
            {
                "what": "|base + contributions - logit| of the ledger, in logits",
                "goal": GOAL,
                "max_residual": max(worst, *(h["max_residual"] for h in heads.values())),
                "fusions": heads,
                "rescaled": float(f"{rescaled(asked):.2g}")
                if predictor.config.fusion == "weighted_sum"
                else None,
                "splits": part.rows["split"].value_counts().to_dict(),
                **about(predictor),
            }
        )
    )


if __name__ == "__main__":
    main()
