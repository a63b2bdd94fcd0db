"""How far a model's exported files are from it, on real cases, for every subset of their parts.

    python benchmarks/exported.py [--model default]

Exports the model to a folder that is removed, prepares the sample cases that come with the program,
runs every subset of their parts by onnxruntime and as a ``torch.export`` program, and prints the
largest difference of a logit, a probability and a contribution from ``Predictor.predict``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from mmbm.case import Case
from mmbm.data.synthesis.generate import write_samples
from mmbm.explain.ledger import ledger
from mmbm.export import export_model, prepared
from mmbm.export.check import in_onnxruntime, in_torch
from mmbm.export.program import inputs_of
from mmbm.io import read_case
from mmbm.model import checkpoint
from mmbm.model.readout import coalitions
from mmbm.predict import Predictor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    loaded, predictor = checkpoint.read(args.model), Predictor.load(args.model, "cpu")
    modalities = loaded.network.config.modalities
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        export_model(args.model, folder / "exported")
        runs = {
            "onnxruntime": in_onnxruntime(folder / "exported" / "model.onnx"),
            "torch.export": in_torch(folder / "exported" / "model.pt2"),
        }
        write_samples(folder / "samples")
        cases = [
            read_case(at / "image.dcm", at / "notes.txt", at / "sound.wav")
            for at in sorted(p for p in (folder / "samples").iterdir() if p.is_dir())
        ]
        for subset in coalitions(len(modalities)).tolist():
            kept = [m for m, there in zip(modalities, subset, strict=True) if there]
            far = {name: [0.0, 0.0, 0.0] for name in runs}
            for whole in cases:
                case = Case(**{m: whole.parts[m] for m in kept})
                compare(loaded, predictor, case, runs, far)
            for name, (logit, probability, contribution) in far.items():
                print(
                    f"{name:12} {'+'.join(kept):20} logit {logit:.1e}  "
                    f"probability {probability:.1e}  contribution {contribution:.1e}"
                )


def compare(loaded, predictor, case, runs, far) -> None:
    """Raise ``far`` to the differences of one case."""
    accounts = ledger(predictor.predict(case))
    feeds = {name: torch.from_numpy(of) for name, of in prepared([case], loaded).items()}
    parts = {
        m: tuple(feeds[given.name] for given in inputs)
        for m, inputs in inputs_of(loaded.network.config).items()
    }
    for name, run in runs.items():
        made = run(feeds["present"], parts)
        for c, account in enumerate(accounts):
            shares = list(account.contributions.values())
            found = (
                abs(float(made["logits"][0, c]) - account.logit),
                abs(float(made["probabilities"][0, c]) - account.probability),
                max(
                    abs(a - b)
                    for a, b in zip(made["contributions"][0, c].tolist(), shares, strict=True)
                ),
            )
            far[name] = [max(pair) for pair in zip(far[name], found, strict=True)]


if __name__ == "__main__":
    main()
